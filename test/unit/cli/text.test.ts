import { printable, shorten, table } from '../../../src/cli/text';

describe('text for a terminal', () => {
  it('spells out what would steer the terminal or hide', () => {
    expect(printable('a\u001b[2Jb\nc\u202e\u{e0041}é✓')).toBe('a\\u{1b}[2Jb\\u{a}c\\u{202e}\\u{e0041}é✓');
  });

  it('shortens by whole characters', () => {
    expect(shorten('😀😀😀', 2)).toBe('😀…');
    expect(shorten('ab', 2)).toBe('ab');
  });

  it('sets numbers to the right', () => {
    expect(
      table(
        ['name', 'n'],
        [
          ['x', 1_234],
          ['longer', 5],
        ],
      ),
    ).toBe('name        n\n──────  ─────\nx       1,234\nlonger      5');
  });
});
