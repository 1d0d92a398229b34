import { type IngestAnswer } from '../client';
import { type Body } from './body-splitter';

/** Rejected lines that are shown of a file. */
const SHOWN = 5;

/** A line that was not taken, by its place in the file. */
export interface RejectedLine {
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

/** What became of the lines of one file. */
export class Tally {
  /** Lines that are not blank. */
  lines = 0;
  accepted = 0;
  duplicates = 0;
  rejected = 0;
  /** Bodies that had to be sent again. */
  resent = 0;
  /** The first few rejected lines. */
  readonly firstRejected: RejectedLine[] = [];

  /** Counts a body and what Argus answered to it; null where nothing of it was worth sending. */
  add({ firstLine, records, oversized }: Body, answer: IngestAnswer | null): void {
    this.lines += records + oversized.length;
    this.rejected += oversized.length;
    for (const line of oversized) {
      this.#show({ line, code: 'LINE_TOO_LARGE', message: 'The line is longer than a whole body may be; not sent.' });
    }
    if (!answer) return;
    this.accepted += answer.accepted;
    this.duplicates += answer.duplicates;
    this.rejected += answer.rejectedCount;
    for (const { line, code, message } of answer.rejected) this.#show({ line: firstLine + line - 1, code, message });
  }

  /** What is wrong with the counts; null when every line is accounted for. */
  get discrepancy(): string | null {
    const { lines, accepted, duplicates, rejected } = this;
    const fates = accepted + duplicates + rejected;
    if (lines === fates) return null;
    return `${lines} lines went in, but ${accepted} accepted + ${duplicates} duplicates + ${rejected} rejected = ${fates}.`;
  }

  #show(line: RejectedLine): void {
    if (this.firstRejected.length < SHOWN) this.firstRejected.push(line);
  }
}
