import fc from 'fast-check';
import { createContentDetector } from '../../src/agent/detect/content';
import { CONTENT_RULES } from '../../src/agent/detect/content-rules/rules';
import { decodeLayers, MAX_OUTPUT } from '../../src/agent/detect/decode-layers';
import { defaultDetectors } from '../../src/agent/detect/detectors';
import { createEngine } from '../../src/agent/detect/engine';
import { createLiteralScanner } from '../../src/agent/detect/literal-scanner';
import { normaliseText } from '../../src/agent/detect/normalise-text';
import { createRateDetector } from '../../src/agent/detect/rate';
import { excerptOf } from '../../src/agent/detect/text-view';
import { type Finding } from '../../src/domain/finding';
import { OCSF_CLASS, type StoredEvent } from '../../src/domain/event';
import { anEvent, aTextEvent } from '../support/events';

const examples = CONTENT_RULES.flatMap((rule) => [...rule.matches, ...rule.ignores]);
const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
const anything = fc.array(unit, { maxLength: 80 }).map((units) => units.join(''));
const invisible = fc.constantFrom(
  '\u200b',
  '\u200d',
  '\u202e',
  '\u{e0041}',
  '\ufe01',
  '\u{e0101}',
  '\ud800',
  '\u001b[1m',
  'а',
  'é',
  '&lt;',
  '%3c',
);

/** Examples of attacks, disguised, broken and mixed with noise. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...examples),
      fc.constantFrom(...examples).map((text) => Buffer.from(text).toString('base64')),
      fc.constantFrom(...examples).map((text) => encodeURIComponent(text)),
      fc
        .tuple(fc.constantFrom(...examples), invisible, fc.nat(40))
        .map(([text, sign, at]) => text.slice(0, at) + sign + text.slice(at)),
      anything,
      invisible,
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(' '));

const anEventOfAnyKind: fc.Arbitrary<StoredEvent> = fc
  .record({
    stream: fc.constantFrom('a', 'b'),
    second: fc.integer({ min: -1_000, max: 3_000 }),
    classUid: fc.constantFrom(...Object.values(OCSF_CLASS)),
    statusId: fc.constantFrom(0, 1, 2),
    sourceIp: fc.constantFrom(null, '192.0.2.1', '192.0.2.2'),
    userName: fc.constantFrom(null, 'alice', 'bob', 'carol'),
    httpStatus: fc.constantFrom(null, 200, 404, 500),
    text: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom(...examples) }),
  })
  .map(({ second, text, ...rest }) => anEvent({ ...rest, time: second * 1_000, texts: [{ path: 'prompt', text }] }));

const content = createContentDetector({ minimumScore: 0 });
const detectors = defaultDetectors();
const findingsIn = (text: string): readonly Finding[] => content.detect([aTextEvent(text)], null).findings;

it('answers for any text whatever, with evidence that lies in the field and says what stands there', () => {
  fc.assert(
    fc.property(fc.oneof(anything, hostile), (text) => {
      const bytes = Buffer.from(text);
      for (const { rule, score, evidence } of findingsIn(text)) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        for (const { start = 0, end = 0, excerpt, decodedBy } of evidence) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(bytes.length);
          expect(excerpt.length).toBeLessThanOrEqual(200);
          if (decodedBy || rule.startsWith('content.secret.') || rule === 'content.encoding.bomb') continue;
          const wellFormed = excerpt.replace(/\\u\{d[89a-f]..\}/g, '\ufffd').slice(0, 60);
          expect(excerptOf(bytes.subarray(start, end).toString())).toContain(wellFormed.slice(0, 50));
        }
      }
    }),
    { numRuns: 400 },
  );
});

it('never finds one rule twice in an event', () => {
  fc.assert(
    fc.property(hostile, hostile, (first, second) => {
      const event = anEvent({
        texts: [
          { path: 'a', text: first },
          { path: 'b', text: second },
        ],
      });
      const rules = content.detect([event], null).findings.map((finding) => finding.rule);
      expect(new Set(rules).size).toBe(rules.length);
    }),
  );
});

it('finds the same however events are cut into batches', () => {
  fc.assert(
    fc.property(
      fc.array(anEventOfAnyKind, { maxLength: 120 }),
      fc.array(fc.integer({ min: 1, max: 20 })),
      (events, cuts) => {
        const whole = createEngine(detectors).detect(events);
        const engine = createEngine(detectors);
        const pieces: Finding[] = [];
        let rest = events;
        for (const size of [...cuts, events.length]) {
          pieces.push(...engine.detect(rest.slice(0, size)).findings);
          rest = rest.slice(size);
        }
        expect(whole.failures).toEqual([]);
        expect(pieces).toEqual(whole.findings);
      },
    ),
  );
});

it('keeps the rate detector within its bound of keys', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(50), fc.nat(50), fc.integer({ min: -5_000, max: 5_000 })), { maxLength: 300 }),
      (tries) => {
        const detector = createRateDetector({ maxKeys: 8 });
        const events = tries.map(([ip, user, second]) =>
          anEvent({
            time: second * 1_000,
            classUid: OCSF_CLASS.AUTHENTICATION,
            statusId: 2,
            sourceIp: String(ip),
            userName: String(user),
          }),
        );
        const { state } = detector.detect(events, detector.initialState());
        for (const tallies of state.tallies.values()) {
          expect(tallies.size).toBeLessThanOrEqual(8);
          for (const { counter, distinct } of tallies.values()) {
            expect(counter.total).toBeGreaterThanOrEqual(0);
            expect(distinct?.size ?? 0).toBeLessThanOrEqual(256);
          }
        }
      },
    ),
  );
});

it('normalises with a map that rises and stays within the field', () => {
  fc.assert(
    fc.property(fc.oneof(anything, hostile), (text) => {
      const { view } = normaliseText(text);
      if (!view.map) return;
      expect(view.map.length).toBe(view.text.length + 1);
      for (let i = 1; i < view.map.length; i++) expect(view.map[i]!).toBeGreaterThanOrEqual(view.map[i - 1]!);
      expect(view.map[view.map.length - 1]).toBeLessThanOrEqual(text.length);
    }),
  );
});

it('decodes no more than its budget', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const { views } = decodeLayers(normaliseText(text).view);
      expect(views.reduce((sum, view) => sum + view.text.length, 0)).toBeLessThanOrEqual(MAX_OUTPUT);
    }),
  );
});

it('scans for literals as a search for each of them would', () => {
  const letters = fc
    .array(fc.constantFrom('a', 'b', 'A', 'é', '字'), { minLength: 1, maxLength: 4 })
    .map((units) => units.join(''));
  fc.assert(
    fc.property(
      fc.uniqueArray(letters, { selector: (text) => text.toLowerCase(), maxLength: 6 }),
      fc.array(letters).map((parts) => parts.join('')),
      (literals, text) => {
        const found: string[] = [];
        createLiteralScanner(literals).scan(text, (literal, end) => found.push(`${literal}@${end}`));
        const expected = literals.flatMap((literal, index) =>
          Array.from({ length: text.length }, (_, start) => start).flatMap((start) =>
            text.toLowerCase().startsWith(literal.toLowerCase(), start) ? [`${index}@${start + literal.length}`] : [],
          ),
        );
        expect(found.sort()).toEqual(expected.sort());
      },
    ),
  );
});
