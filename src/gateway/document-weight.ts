import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';

/** How heavy a document is once its fragments are written out. Of several operations, the heaviest counts. */
export interface DocumentWeight {
  /** Levels of fields below the operation. */
  readonly depth: number;
  readonly fields: number;
  readonly rootFields: number;
  readonly aliases: number;
  readonly directives: number;
}

const NOTHING: DocumentWeight = { depth: 0, fields: 0, rootFields: 0, aliases: 0, directives: 0 };

/**
 * Weighs a parsed document in time linear in its length: each fragment is weighed once and multiplied where it is
 * spread, so exponential fragments cost nothing to count. Cycles count as nothing; validation reports them.
 */
export function weighDocument(document: DocumentNode): DocumentWeight {
  const scale = new Scale(document);
  let heaviest = NOTHING;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const variables = definition.variableDefinitions ?? [];
    const directives = [definition, ...variables].reduce((sum, node) => sum + (node.directives?.length ?? 0), 0);
    heaviest = max(heaviest, add(scale.selections(definition.selectionSet), { ...NOTHING, directives }));
  }
  return heaviest;
}

class Scale {
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #weighed = new Map<string, DocumentWeight>();
  readonly #open = new Set<string>();

  constructor(document: DocumentNode) {
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(definition.name.value, definition);
    }
  }

  selections(set: SelectionSetNode): DocumentWeight {
    let total = NOTHING;
    for (const selection of set.selections) {
      const directives = selection.directives?.length ?? 0;
      if (directives > 0) total = add(total, { ...NOTHING, directives });
      if (selection.kind === Kind.INLINE_FRAGMENT) total = add(total, this.selections(selection.selectionSet));
      else if (selection.kind === Kind.FRAGMENT_SPREAD) total = add(total, this.#fragment(selection.name.value));
      else {
        const below = selection.selectionSet ? this.selections(selection.selectionSet) : NOTHING;
        total = add(total, {
          depth: below.depth + 1,
          fields: below.fields + 1,
          rootFields: 1,
          aliases: below.aliases + (selection.alias ? 1 : 0),
          directives: below.directives,
        });
      }
    }
    return total;
  }

  #fragment(name: string): DocumentWeight {
    const known = this.#weighed.get(name);
    if (known) return known;
    const definition = this.#fragments.get(name);
    if (!definition || this.#open.has(name)) return NOTHING;
    this.#open.add(name);
    const directives = definition.directives?.length ?? 0;
    const weight = add(this.selections(definition.selectionSet), { ...NOTHING, directives });
    this.#open.delete(name);
    this.#weighed.set(name, weight);
    return weight;
  }
}

function add(a: DocumentWeight, b: DocumentWeight): DocumentWeight {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: sum(a.fields, b.fields),
    rootFields: sum(a.rootFields, b.rootFields),
    aliases: sum(a.aliases, b.aliases),
    directives: sum(a.directives, b.directives),
  };
}

function max(a: DocumentWeight, b: DocumentWeight): DocumentWeight {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: Math.max(a.fields, b.fields),
    rootFields: Math.max(a.rootFields, b.rootFields),
    aliases: Math.max(a.aliases, b.aliases),
    directives: Math.max(a.directives, b.directives),
  };
}

/** Saturates: an exponential document would leave the range in which integers are exact. */
function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}
