import fc from 'fast-check';
import { LineSplitter } from '../../src/agent/ingest/line-splitter';
import { normalise } from '../../src/agent/ingest/normalise';
import { INGEST_LIMITS, parseLine } from '../../src/agent/ingest/parse-line';
import { ArgusError } from '../../src/domain/errors';
import { type SecurityEvent } from '../../src/domain/event';

const NOW = Date.UTC(2024, 0, 15);

function split(chunks: readonly Buffer[], maxBytes: number): (string | null)[] {
  const splitter = new LineSplitter(maxBytes);
  const lines = [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
  expect(lines.map(({ number }) => number)).toEqual(lines.map((_, i) => i + 1));
  return lines.map(({ bytes }) => bytes?.toString('latin1') ?? null);
}

it('gives the same lines however the body is cut into chunks, and null for those beyond the limit', () => {
  const text = fc
    .array(fc.constantFrom('a', 'bc', '\n', '\r', '\r\n', 'long line'), { maxLength: 40 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 8 }), (body, cuts) => {
      const bytes = Buffer.from(body, 'latin1');
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
      const parts = body.split('\n');
      if (parts.at(-1) === '') parts.pop();
      const wanted = parts.map((line) => line.replace(/\r$/, '')).map((line) => (line.length <= 12 ? line : null));
      expect(split(chunks, 12)).toEqual(wanted);
    }),
    { numRuns: 500 },
  );
});

/** JSON objects that use the names that sources use, with values of every sort. */
const names = fc.constantFrom(
  'id', 'uid', 'metadata', 'time', '@timestamp', 'ts', 'src_endpoint', 'ip', 'source.ip', 'user', 'actor', 'message',
  'status', 'status_id', 'severity', 'severity_id', 'class_uid', 'http_request', 'http_response', 'url', 'method', 'event',
  'label', '__proto__', 'constructor', 'toString', '', '\0', '\ud800',
); // prettier-ignore
const scalars = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('192.0.2.1', 'fe80::1%eth0', '2024-01-02T03:04:05Z', 'Dec 10 06:55:46', 'failed login', 'yesterday'),
  fc.double(),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
);
const { record } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalars, fc.array(tie('value'), { maxLength: 3 }), tie('record')),
  record: fc
    .array(fc.tuple(names, tie('value')), { maxLength: 8 })
    .map((entries) => JSON.stringify(Object.fromEntries(entries)))
    .map((text) => JSON.parse(text) as unknown),
}));

function read(raw: string, fallbackId?: string): SecurityEvent | ArgusError {
  try {
    return normalise(JSON.parse(raw), {
      stream: 's',
      raw,
      receivedAt: NOW,
      ...(fallbackId !== undefined && { fallbackId }),
    });
  } catch (error) {
    if (error instanceof ArgusError) return error;
    throw error;
  }
}

it('makes of any JSON an event that every column holds, or a typed error and nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(record, fc.jsonValue()), (value) => {
      const event = read(JSON.stringify(value));
      if (event instanceof ArgusError) {
        expect(event.code).toBe('INVALID_EVENT');
        return;
      }
      const texts = [event.id, event.message, event.userName ?? '', event.sourceIp ?? '', JSON.stringify(event.ocsf)];
      for (const text of texts)
        expect(
          text.isWellFormed() &&
            !text.includes('\0') &&
            !text.includes(String.raw`\u0000`) &&
            !/\\ud[89a-f]/.test(text),
        ).toBe(true);
      expect(event.id.length).toBeGreaterThan(0);
      expect(event.id.length).toBeLessThanOrEqual(512);
      expect([event.classUid, event.statusId, event.severityId].every(Number.isInteger)).toBe(true);
      expect(event.classUid).toBeLessThan(2 ** 31);
      expect(Math.max(event.statusId, event.severityId)).toBeLessThan(100);
      expect(Number.isInteger(event.time)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

it('reads a stored record again as the same event', () => {
  fc.assert(
    fc.property(record, (value) => {
      const raw = JSON.stringify(value);
      const event = read(raw);
      if (!(event instanceof ArgusError)) expect(read(raw, event.id)).toEqual(event);
    }),
    { numRuns: 500 },
  );
});

it('answers any text of a line with an event or a typed error', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.nat(60).map((n) => '{"a":'.repeat(n) + '1' + '}'.repeat(n)),
  );
  fc.assert(
    fc.property(line, (raw) => {
      try {
        expect(parseLine(raw, { stream: 's', receivedAt: NOW }).raw).toBe(raw);
      } catch (error) {
        expect(error).toBeInstanceOf(ArgusError);
        expect(['INVALID_JSON', 'INVALID_EVENT', 'LINE_TOO_DEEP']).toContain((error as ArgusError).code);
      }
    }),
  );
  expect(INGEST_LIMITS).toEqual({ lineBytes: 262_144, bodyBytes: 67_108_864, depth: 32 });
});
