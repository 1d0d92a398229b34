import { type Body, type BodyLimits, splitBodies } from '../../../src/cli/replay/body-splitter';

const ROOMY: BodyLimits = { bytes: 1_000, lines: 100 };

async function* chunksOf(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += size) yield await Promise.resolve(bytes.subarray(from, from + size));
}

async function split(text: string, limits: BodyLimits, chunk = 7): Promise<Body[]> {
  const bodies: Body[] = [];
  for await (const body of splitBodies(chunksOf(text, chunk), limits)) bodies.push(body);
  return bodies;
}

const textOf = (bodies: readonly Body[]): string => bodies.map(({ bytes }) => bytes.toString()).join('');

describe('cutting a file into bodies', () => {
  it.each([1, 2, 7, 1_000])('keeps every byte, in chunks of %i', async (chunk) => {
    const text = Array.from({ length: 50 }, (_, n) => `{"n":${n},"é":"✓"}\n`).join('');
    const bodies = await split(text, { bytes: 100, lines: 100 }, chunk);
    expect(textOf(bodies)).toBe(text);
    expect(Math.max(...bodies.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(100);
  });

  it('ends a body at the limit of lines and says where each begins', async () => {
    const bodies = await split('a\nb\nc\nd\ne\n', { bytes: 1_000, lines: 2 });
    expect(bodies.map(({ firstLine, records }) => [firstLine, records])).toEqual([
      [1, 2],
      [3, 2],
      [5, 1],
    ]);
  });

  it('takes a last line without its end', async () => {
    expect(await split('a\nb', ROOMY)).toMatchObject([{ records: 2 }]);
    expect(textOf(await split('a\nb', ROOMY))).toBe('a\nb\n');
  });

  it('counts neither empty lines nor those of a carriage return alone, and keeps their places', async () => {
    const bodies = await split('a\n\n\r\nb\r\n \n', ROOMY);
    expect(bodies).toMatchObject([{ firstLine: 1, records: 3 }]); // the blank in the last line is not nothing
    expect(textOf(bodies)).toBe('a\n\n\r\nb\r\n \n');
  });

  it('makes nothing of an empty file', async () => {
    expect(await split('', ROOMY)).toEqual([]);
  });

  it('passes over a line longer than a body without holding it, and keeps its place', async () => {
    const bodies = await split(`a\n${'x'.repeat(500)}\nb\n`, { bytes: 20, lines: 100 });
    expect(bodies).toMatchObject([{ firstLine: 1, records: 2, oversized: [2] }]);
    expect(textOf(bodies)).toBe('a\n\nb\n');
  });

  it('names the line by its place also where it opens a new body', async () => {
    const bodies = await split(`a\nb\n${'x'.repeat(500)}\n`, { bytes: 20, lines: 2 });
    expect(bodies.map(({ oversized }) => oversized)).toEqual([[], [3]]);
  });
});
