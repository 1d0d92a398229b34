const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** How large a body may grow. */
export interface BodyLimits {
  readonly bytes: number;
  /** Lines, blank ones too. */
  readonly lines: number;
}

/** A run of lines of a file, to be sent in one request. */
export interface Body {
  readonly bytes: Buffer;
  /** Place of its first line in the file, from 1; line n of the body is line `firstLine + n - 1` of the file. */
  readonly firstLine: number;
  /** Lines that hold a record or what should be one: all but the blank. */
  readonly records: number;
  /** Lines of the file longer than a whole body: a blank line stands in their place. */
  readonly oversized: readonly number[];
}

/** Cuts a file into bodies at line ends. Holds one body and one line at a time, whatever the length of the file. */
export async function* splitBodies(chunks: AsyncIterable<Buffer>, limits: BodyLimits): AsyncGenerator<Body> {
  const splitter = new BodySplitter(limits);
  for await (const chunk of chunks) yield* splitter.push(chunk);
  yield* splitter.end();
}

class BodySplitter {
  /** Parts of the line that has not ended yet. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #lines: Buffer[] = [];
  #bytes = 0;
  #records = 0;
  #oversized: number[] = [];
  #firstLine = 1;

  constructor(private readonly limits: BodyLimits) {}

  *push(chunk: Buffer): Generator<Body> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#hold(chunk.subarray(from, end));
      yield* this.#endLine();
      from = end + 1;
    }
    this.#hold(chunk.subarray(from));
  }

  *end(): Generator<Body> {
    if (this.#heldBytes > 0) yield* this.#endLine();
    if (this.#lines.length > 0) yield this.#take();
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#heldBytes += part.length;
    if (this.#heldBytes < this.limits.bytes) this.#held.push(part);
    else this.#held = [];
  }

  *#endLine(): Generator<Body> {
    const tooLong = this.#heldBytes >= this.limits.bytes;
    const line = Buffer.concat([...(tooLong ? [] : this.#held), Buffer.of(NEWLINE)]);
    const blank = tooLong || line.length === 1 || (line.length === 2 && line[0] === CARRIAGE_RETURN);
    this.#held = [];
    this.#heldBytes = 0;
    if (this.#lines.length >= this.limits.lines || this.#bytes + line.length > this.limits.bytes) yield this.#take();
    if (tooLong) this.#oversized.push(this.#firstLine + this.#lines.length);
    if (!blank) this.#records++;
    this.#lines.push(line);
    this.#bytes += line.length;
  }

  #take(): Body {
    const body = {
      bytes: Buffer.concat(this.#lines),
      firstLine: this.#firstLine,
      records: this.#records,
      oversized: this.#oversized,
    };
    this.#firstLine += this.#lines.length;
    this.#lines = [];
    this.#bytes = 0;
    this.#records = 0;
    this.#oversized = [];
    return body;
  }
}
