import { normaliseText } from '../../../src/agent/detect/normalise-text';
import { sourceSpan } from '../../../src/agent/detect/text-view';

const kinds = (text: string): readonly string[] => normaliseText(text).hidden.map((hidden) => hidden.kind);

describe('legitimate uses are not reported', () => {
  it.each([
    ['emoji families', 'Our team 👨‍👩‍👧‍👦 and 🏳️‍🌈 and 👩🏽‍💻'],
    ['keycaps and text style', '1️⃣ ❤️ ☎︎'],
    ['Persian non-joiners', 'می‌خواهم کتاب‌ها را ببینم'],
    ['Devanagari joiners', 'क्‍ष और र्‍य'],
    ['the flag of Scotland', 'Go 🏴󠁧󠁢󠁳󠁣󠁴󠁿 go'],
    ['soft hyphens', 'Donau\u00addampf\u00adschiff\u00adfahrt'],
    ['right-to-left marks in Hebrew', 'שלום\u200f (abc)\u200e עולם \u2067abc\u2069'],
    ['a byte order mark', '\ufeffhello'],
    ['Cyrillic beside Latin words', 'Москва uses Linux и Windows'],
    ['Greek letters in formulas', 'Δx and α-particles, 5 μm'],
    ['fullwidth Japanese', 'ＡＢＣ株式会社'],
    ['combining accents', 'cafe\u0301 crème'],
  ])('%s', (_name, text) => expect(kinds(text)).toEqual([]));
});

describe('hidden content is recovered', () => {
  it.each([
    ['zero-width characters', 'i\u200bg\u200bn\u200bo\u200bre', 'ignore', 'zero-width'],
    ['joiners between Latin letters', 'i\u200dgnore', 'ignore', 'zero-width'],
    ['a direction override', 'safe\u202eexe', 'safeexe', 'bidi'],
    ['look-alikes in a mixed word', 'ignоrе this', 'ignore this', 'mixed-script'],
    ['terminal sequences', 'a\u001b[31mb\u001b]8;;http://x\u0007c', 'abc', 'ansi'],
  ])('%s', (_name, text, expected, kind) => {
    expect(normaliseText(text).view.text).toBe(expected);
    expect(kinds(text)).toEqual([kind]);
  });

  it('spells tag characters', () => {
    const tags = Array.from('obey', (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join('');
    const { view, hidden } = normaliseText(`hi${tags}!`);
    expect(view.text).toBe('hi obey !');
    expect(hidden).toMatchObject([{ kind: 'tag', count: 4, recovered: 'obey', span: { start: 2, end: 10 } }]);
  });

  it('spells bytes in variation selectors', () => {
    const selectors = Array.from(Buffer.from('obey'), (byte) => String.fromCodePoint(0xe0100 + byte - 16)).join('');
    expect(normaliseText(`😀${selectors}`).hidden).toMatchObject([{ kind: 'variation', recovered: 'obey' }]);
  });
});

it('folds compatibility forms and character references, and maps each place back', () => {
  const text = 'xx ｉｇｎｏｒｅ &lt;b&gt;';
  const { view } = normaliseText(text);
  expect(view.text).toBe('xx ignore <b>');
  const tag = sourceSpan(view, view.text.indexOf('<b>'), view.text.length);
  expect(text.slice(tag.start, tag.end)).toBe('&lt;b&gt;');
});

it('composes letters with their marks', () => {
  expect(normaliseText('cafe\u0301').view.text).toBe('café');
});

it('keeps a ligature whole in evidence', () => {
  const { view } = normaliseText('oﬃce');
  expect(view.text).toBe('office');
  expect(sourceSpan(view, 1, 2)).toEqual({ start: 1, end: 2 });
});
