/** Receives one occurrence; `end` is the index just behind it. */
export type OnLiteral = (literal: number, end: number) => void;

/** Finds many literals in one pass: case-folded, time linear in the text whatever the literals. */
export interface LiteralScanner {
  scan(text: string, onLiteral: OnLiteral): void;
}

const NO_OUTPUT = -1;

/**
 * Aho-Corasick over UTF-16 code units as one dense table: a step is two array reads.
 * Case is folded where upper and lower case are one code unit each. Literals are numbered as given.
 */
export function createLiteralScanner(literals: readonly string[]): LiteralScanner {
  const { classOf, classes } = classesOf(literals);
  const trie = buildTrie(literals, classOf, classes);
  const { next, output, dictionary } = link(trie, classes);
  const { literalsAt } = trie;
  return {
    scan(text, onLiteral) {
      let step = 0;
      for (let i = 0; i < text.length; i++) {
        step = next[(step >> 1) + (classOf[text.charCodeAt(i)] ?? 0)] ?? 0;
        if ((step & 1) === 0) continue;
        let state = output[(step >> 1) / classes] ?? NO_OUTPUT;
        while (state !== NO_OUTPUT) {
          for (const literal of literalsAt[state] ?? []) onLiteral(literal, i + 1);
          state = dictionary[state] ?? NO_OUTPUT;
        }
      }
    },
  };
}

/** Gives every code unit that occurs in a literal a small number; all others share 0. */
function classesOf(literals: readonly string[]): { classOf: Uint16Array; classes: number } {
  const classOf = new Uint16Array(65_536);
  let classes = 1;
  // Sorted, so that what common texts touch of a row lies close together.
  for (const unit of [...new Set(literals.join('').split(''))].sort()) {
    const folded = foldedCode(unit, 0);
    if (classOf[folded] === 0) classOf[folded] = classes++;
  }
  FOLDED.forEach((folded, code) => {
    if (folded !== code) classOf[code] ||= classOf[folded] ?? 0;
  });
  return { classOf, classes };
}

/** Lower case of each code unit, where that is one code unit. */
const FOLDED = Uint16Array.from({ length: 65_536 }, (_, code) => {
  const lower = String.fromCharCode(code).toLowerCase();
  return lower.length === 1 ? lower.charCodeAt(0) : code;
});

function foldedCode(text: string, index: number): number {
  return FOLDED[text.charCodeAt(index)] ?? 0;
}

interface Trie {
  /** Child state of (state, class); 0 = none. */
  readonly children: Map<number, number>[];
  readonly literalsAt: number[][];
}

function buildTrie(literals: readonly string[], classOf: Uint16Array, classes: number): Trie {
  const children: Map<number, number>[] = [new Map<number, number>()];
  const literalsAt: number[][] = [[]];
  literals.forEach((literal, index) => {
    let state = 0;
    for (let i = 0; i < literal.length; i++) {
      const symbol = classOf[foldedCode(literal, i)] ?? 0;
      if (symbol >= classes) continue;
      let child = children[state]?.get(symbol);
      if (child === undefined) {
        child = children.length;
        children.push(new Map());
        literalsAt.push([]);
        children[state]?.set(symbol, child);
      }
      state = child;
    }
    if (state !== 0) literalsAt[state]?.push(index);
  });
  return { children, literalsAt };
}

/** Breadth-first: fills the table, and for each state the nearest suffix state that ends a literal. */
function link(trie: Trie, classes: number): { next: Int32Array; output: Int32Array; dictionary: Int32Array } {
  const states = trie.children.length;
  const next = new Int32Array(states * classes);
  const fail = new Int32Array(states);
  const output = new Int32Array(states).fill(NO_OUTPUT);
  const dictionary = new Int32Array(states).fill(NO_OUTPUT);
  const queue = [0];
  // The loop sees what it appends.
  for (const state of queue) {
    const suffix = fail[state] ?? 0;
    dictionary[state] = state === 0 ? NO_OUTPUT : (output[suffix] ?? NO_OUTPUT);
    output[state] = (trie.literalsAt[state]?.length ?? 0) > 0 ? state : (dictionary[state] ?? NO_OUTPUT);
    for (let symbol = 0; symbol < classes; symbol++) {
      const child = trie.children[state]?.get(symbol);
      const viaSuffix = state === 0 ? 0 : (next[suffix * classes + symbol] ?? 0);
      if (child === undefined) next[state * classes + symbol] = viaSuffix;
      else {
        fail[child] = viaSuffix / classes;
        next[state * classes + symbol] = child * classes;
        queue.push(child);
      }
    }
  }
  markOutputs(next, output, classes);
  return { next, output, dictionary };
}

/** Makes each entry twice the row of the next state, plus one where a literal ends there: no look-up on the way. */
function markOutputs(next: Int32Array, output: Int32Array, classes: number): void {
  next.forEach((row, i) => {
    next[i] = row * 2 + (output[row / classes] === NO_OUTPUT ? 0 : 1);
  });
}
