import fc from 'fast-check';
import {
  decodeCursor,
  decodeNumericCursor,
  encodeCursor,
  globalId,
  isDay,
  KEY,
  keyOf,
  parseGlobalId,
} from '../../../src/domain/cursor';
import { parseDuration } from '../../../src/domain/duration';
import { ArgusError } from '../../../src/domain/errors';
import { jsonDepth, storable } from '../../../src/domain/json';

const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
};

describe('jsonDepth', () => {
  it.each<[string, number]>([
    ['1', 0],
    ['"[[["', 0],
    ['[]', 1],
    ['[{}]', 2],
    [String.raw`["\"[[", {"a": []}]`, 3],
    [String.raw`"\\"`, 0],
    ['', 0],
  ])('of %s is %d', (text, depth) => expect(jsonDepth(text)).toBe(depth));

  it('equals the nesting of the parsed value, for any JSON', () => {
    const nesting = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(nesting)) : 0;
    fc.assert(fc.property(fc.json(), (text) => jsonDepth(text) === nesting(JSON.parse(text))));
  });

  it('takes a million brackets without recursion', () => expect(jsonDepth('['.repeat(1_000_000))).toBe(1_000_000));
});

it('storable makes any text well-formed and free of NUL, and leaves other text alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const kept = storable(text);
      return kept.isWellFormed() && !kept.includes('\0') && storable(kept) === kept && kept.length === text.length;
    }),
  );
  expect(storable('a\ud800\0é😀')).toBe('a\ufffd\ufffdé😀');
});

describe('cursors and ids', () => {
  const part = fc.oneof(fc.nat(), fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.') }));

  it('give back what went in', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        expect(decodeCursor('kind', encodeCursor('kind', ...parts), parts.length)).toEqual(parts.map(String));
      }),
    );
    expect(parseGlobalId(globalId('Event', '2024-01-01', 5))).toEqual({ type: 'Event', key: ['2024-01-01', '5'] });
  });

  it('never take any other text for theirs, and fail with a typed error only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const work of [
          () => decodeCursor('kind', text, 1),
          () => decodeNumericCursor('kind', text, 1),
          () => parseGlobalId(text),
          () => keyOf('Incident', text, KEY.UUID),
        ]) {
          const error = thrown(work);
          expect(error === null || error instanceof ArgusError).toBe(true);
        }
      }),
    );
    expect(thrown(() => decodeCursor('a', encodeCursor('b', 1), 1))).toMatchObject({ code: 'INVALID_CURSOR' });
    expect(thrown(() => decodeNumericCursor('a', encodeCursor('a', '1e400'), 1))).toMatchObject({
      code: 'INVALID_CURSOR',
    });
    expect(thrown(() => keyOf('Incident', globalId('Finding', 1), KEY.NUMBER))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([
    ['2024-02-29', true],
    ['2023-02-29', false],
    ['2024-13-01', false],
    ['0000-01-01', false],
    ['24-1-1', false],
  ])('isDay(%s) is %s', (text, wanted) => expect(isDay(text)).toBe(wanted));
});

describe('parseDuration', () => {
  it.each([
    ['PT15M', 900_000],
    ['PT59S', 59_000],
    ['P1DT12H', 129_600_000],
    ['PT1H1M1S', 3_661_000],
    ['PT0S', 0],
  ])('reads %s', (text, ms) => expect(parseDuration(text, ['duration'])).toBe(ms));

  it.each(['', 'P', 'PT', 'P1DT', '15M', 'PT1.5M', 'PT-1M', 'P1Y', 'PT1M ', 'pt1m', 'PT1S1M', 'PT999999999S'])(
    'refuses %j with the path of the field',
    (text) =>
      expect(thrown(() => parseDuration(text, ['input', 'duration']))).toMatchObject({
        code: 'INVALID_INPUT',
        inputPath: ['input', 'duration'],
      }),
  );
});
