import { type IngestAnswer } from '../../../src/cli/client';
import { Tally } from '../../../src/cli/replay/tally';

const body = (firstLine: number, records: number, oversized: number[] = []) => ({
  bytes: Buffer.alloc(0),
  firstLine,
  records,
  oversized,
});
const answer = (part: Partial<IngestAnswer>): IngestAnswer => ({
  accepted: 0,
  duplicates: 0,
  rejectedCount: 0,
  rejected: [],
  ...part,
});

describe('the tally of a replay', () => {
  it('adds bodies up and finds nothing missing', () => {
    const tally = new Tally();
    tally.add(body(1, 10), answer({ accepted: 9, duplicates: 1 }));
    tally.add(body(11, 5), answer({ accepted: 4, rejectedCount: 1 }));
    expect(tally).toMatchObject({ lines: 15, accepted: 13, duplicates: 1, rejected: 1, discrepancy: null });
  });

  it('says by how much lines and fates differ', () => {
    const tally = new Tally();
    tally.add(body(1, 10), answer({ accepted: 9 }));
    expect(tally.discrepancy).toContain('10 lines went in, but 9 accepted + 0 duplicates + 0 rejected = 9');
  });

  it('names rejected lines by their place in the file', () => {
    const tally = new Tally();
    const rejected = [{ line: 3, code: 'INVALID_JSON', message: 'The line is not valid JSON.' }];
    tally.add(body(5_001, 3), answer({ accepted: 2, rejectedCount: 1, rejected }));
    expect(tally.firstRejected).toEqual([{ ...rejected[0], line: 5_003 }]);
  });

  it('shows the first five and counts the rest', () => {
    const tally = new Tally();
    const rejected = Array.from({ length: 9 }, (_, n) => ({ line: n + 1, code: 'INVALID_JSON', message: '' }));
    tally.add(body(1, 9), answer({ rejectedCount: 9, rejected }));
    expect(tally.firstRejected.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
    expect(tally.rejected).toBe(9);
  });

  it('counts lines that were never sent among the rejected', () => {
    const tally = new Tally();
    tally.add(body(1, 0, [1]), null);
    expect(tally).toMatchObject({ lines: 1, rejected: 1, discrepancy: null });
    expect(tally.firstRejected).toMatchObject([{ line: 1, code: 'LINE_TOO_LARGE' }]);
  });
});
