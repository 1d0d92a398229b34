const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A line of a byte stream: its bytes without the line end, or null when it was longer than the limit. */
export interface Line {
  /** From 1, counting every line, blank ones too. */
  readonly number: number;
  readonly bytes: Buffer | null;
}

/** Cuts a stream of bytes into lines. Holds at most one line of `maxBytes`; what is longer is passed over. */
export class LineSplitter {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #number = 0;
  #tooLong = false;

  constructor(private readonly maxBytes: number) {}

  /** The lines that this chunk completes. */
  *push(chunk: Buffer): Generator<Line> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#hold(chunk.subarray(from, end));
      yield this.#take();
      from = end + 1;
    }
    this.#hold(chunk.subarray(from));
  }

  /** The last line, where the stream does not end with a line end. */
  *end(): Generator<Line> {
    if (this.#heldBytes > 0 || this.#tooLong) yield this.#take();
  }

  #hold(part: Buffer): void {
    if (part.length === 0 || this.#tooLong) return;
    if (this.#heldBytes + part.length > this.maxBytes + 1) {
      this.#tooLong = true;
      this.#held = [];
      return;
    }
    this.#held.push(part);
    this.#heldBytes += part.length;
  }

  #take(): Line {
    let bytes = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1);
    const fits = !this.#tooLong && bytes.length <= this.maxBytes;
    this.#held = [];
    this.#heldBytes = 0;
    this.#tooLong = false;
    return { number: ++this.#number, bytes: fits ? bytes : null };
  }
}
