import { streamNameOf } from '../../../src/cli/replay/stream-name';

describe('the stream of a file', () => {
  it.each([
    ['/data/auth/openssh_2k.jsonl', 'openssh_2k'],
    ['Audit Log (9.1).JSONL.GZ', 'audit-log-9.1-'],
    ['events.ndjson', 'events'],
    [
      'realAWSCloudwatch__iio_us-east-1_i-a2eb1cd9_NetworkIn.jsonl',
      'realawscloudwatch__iio_us-east-1_i-a2eb1cd9_networkin',
    ],
    ['журнал.log', '-.log'],
  ])('%s is %s', (file, stream) => {
    expect(streamNameOf(file)).toBe(stream);
  });

  it('has at most 64 characters', () => {
    expect(streamNameOf(`${'x'.repeat(200)}.jsonl`)).toBe('x'.repeat(64));
  });

  it('asks for --stream where nothing is left of the name', () => {
    expect(() => streamNameOf('.jsonl')).toThrow('--stream');
  });
});
