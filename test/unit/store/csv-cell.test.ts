import { csvCell } from '../../../src/store/training-file';

it.each([
  ['plain', 'plain'],
  ['with, comma', '"with, comma"'],
  ['say "so"', '"say ""so"""'],
  ['two\r\nlines', '"two\r\nlines"'],
  [{ a: [1, 'x'] }, '"{""a"":[1,""x""]}"'],
  [null, ''],
  [-0.5, '-0.5'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
])('writes %j', (value, cell) => expect(csvCell(value)).toBe(cell));

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\r=1', '＝1'])('disarms %j', (text) =>
  expect(csvCell(text).replace(/^"/, '')).toMatch(/^'/),
);
