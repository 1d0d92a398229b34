import { GraphQLError } from 'graphql';
import { ArgusError } from '../../../src/domain/errors';
import { SlowConsumerError } from '../../../src/domain/bounded-queue';
import { formatGraphQLError, requestError } from '../../../src/gateway/graphql-errors';

const logged: object[] = [];
const ignore = (): void => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: (fields: object) => void logged.push(fields) };
const format = (error: unknown, hideSuggestions = false): ReturnType<typeof formatGraphQLError> =>
  formatGraphQLError(error, { requestId: 'r1', log, hideSuggestions });
const inResolver = (originalError: Error): GraphQLError =>
  new GraphQLError(originalError.message, { originalError, path: ['incident'] });

beforeEach(() => (logged.length = 0));

describe('formatGraphQLError', () => {
  it.each([
    ['an error', inResolver(new Error('password=x'))],
    ['a bare error', new Error('password=x')],
    ['a value that is no error', 'password=x'],
    ['an ArgusError INTERNAL', inResolver(new ArgusError('INTERNAL', 'password=x'))],
    ['a GraphQLError of a scalar', inResolver(new GraphQLError('Int cannot represent password=x'))],
  ])('masks %s and logs it once', (_name, error) => {
    const shown = format(error);
    expect(shown).toMatchObject({
      message: 'Internal error',
      extensions: { code: 'INTERNAL', requestId: 'r1', retryable: true },
    });
    expect(JSON.stringify(shown)).not.toContain('password');
    expect(logged).toHaveLength(1);
  });

  it.each([
    ['RATE_LIMITED', true, inResolver(new ArgusError('RATE_LIMITED', 'Slow down.'))],
    ['FORBIDDEN', false, inResolver(new GraphQLError('Slow down.', { extensions: { code: 'UNAUTHORIZED' } }))],
    ['UNAUTHENTICATED', false, inResolver(new GraphQLError('Slow down.', { extensions: { code: 'UNAUTHENTICATED' } }))],
    ['INVALID_INPUT', false, requestError('INVALID_INPUT', 'Slow down.')],
  ])('shows an expected error as %s', (code, retryable, error) => {
    expect(format(error)).toMatchObject({ message: 'Slow down.', extensions: { code, retryable } });
    expect(logged).toEqual([]);
  });

  it('masks a code that is not in the table', () => {
    const error = inResolver(new GraphQLError('password=x', { extensions: { code: 'SQL_STATE_28P01' } }));
    expect(format(error)).toMatchObject({ message: 'Internal error', extensions: { code: 'INTERNAL' } });
  });

  it('passes on no extensions but those that are known', () => {
    const error = new GraphQLError('no', {
      extensions: { code: 'FORBIDDEN', stacktrace: ['x'], http: { status: 418 } },
    });
    expect(format(error).extensions).toEqual({ code: 'FORBIDDEN', requestId: 'r1', retryable: false });
  });

  it('tells where input was wrong and where a feed can resume', () => {
    expect(format(new ArgusError('INVALID_INPUT', 'Too long.', ['input', 'name'])).extensions).toMatchObject({
      inputPath: ['input', 'name'],
    });
    expect(format(new SlowConsumerError(5, 'c9')).extensions).toMatchObject({ code: 'SLOW_CONSUMER', cursor: 'c9' });
  });

  it('cuts long messages and hides suggestions', () => {
    expect(format(requestError('INVALID_INPUT', 'x'.repeat(5_000))).message).toHaveLength(1_001);
    const error = requestError(
      'GRAPHQL_VALIDATION_FAILED',
      'Cannot query field "a" on type "B". Did you mean "c" or\n "d"?',
    );
    expect(format(error, true).message).toBe('Cannot query field "a" on type "B".');
    expect(format(error, false).message).toContain('Did you mean');
  });
});
