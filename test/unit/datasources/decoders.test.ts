import { z } from 'zod';

import {
  decodeNumber,
  decodeRatio,
  decodeTime,
  looseNumber,
  looseText,
  timeOrNull,
} from '../../../src/datasources/decoders';

describe('decodeNumber', () => {
  it.each([
    [40, 40],
    ['40.00%', 40],
    ['0.02', 0.02],
    [' 7 ', 7],
    [0, 0],
  ])('reads %p as %p', (input, number) => expect(decodeNumber(input)).toBe(number));

  it.each(['NaN', 'Infinity', '', '%', 'abc', null, undefined, true, {}, Number.NaN])('finds no value in %p', (input) =>
    expect(decodeNumber(input)).toBeNull(),
  );
});

describe('decodeRatio', () => {
  it('reads a percentage as a share and leaves a ratio alone', () => {
    expect(decodeRatio('40.00%')).toBe(0.4);
    expect(decodeRatio(0.4)).toBe(0.4);
    expect(decodeRatio('NaN%')).toBeNull();
  });
});

describe('decodeTime', () => {
  it('reads ISO texts and milliseconds, and nothing else', () => {
    expect(decodeTime('2026-11-24T02:18:59.878Z')).toBe(1795486739878);
    expect(decodeTime(5)).toBe(5);
    expect(decodeTime('soon')).toBeNull();
    expect(decodeTime(null)).toBeNull();
  });
});

describe('zod forms', () => {
  it('take an absent key for null', () => {
    const schema = z.object({ a: looseNumber, b: looseText });
    expect(schema.parse({})).toEqual({ a: null, b: null });
    expect(schema.parse({ a: '1.5', b: 3 })).toEqual({ a: 1.5, b: null });
  });

  it('tell "never" from an unreadable time', () => {
    expect(timeOrNull.safeParse(null).success).toBe(true);
    expect(timeOrNull.safeParse('soon').success).toBe(false);
    expect(timeOrNull.safeParse(undefined).success).toBe(false);
  });
});
