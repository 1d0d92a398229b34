import { createScrubber, errorOfAnswer } from '../../../src/datasources/answer-error';

const scrub = createScrubber(['s3cret', '']);

function answer(status: number, contentType: string, body: string, headers: Record<string, string> = {}) {
  return { status, contentType, headers, body: Buffer.from(body) };
}

describe('errorOfAnswer', () => {
  it('quotes the reason of a JSON refusal', () => {
    const error = errorOfAnswer(
      'SANITIZE_JSON',
      answer(400, 'application/json', '{"error":"\\"content\\" is required"}'),
      scrub,
    );
    expect(error).toMatchObject({ code: 'BACKEND_REJECTED', status: 400, retryable: false, tool: 'SANITIZE_JSON' });
    expect(error.message).toContain('"content" is required');
  });

  it('shows nothing of an HTML page', () => {
    const error = errorOfAnswer('HEALTH', answer(500, 'text/html', '<pre>Error at /app/src/x.js:1:2</pre>'), scrub);
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', status: 500, retryable: true });
    expect(error.message).toBe('the backend failed with status 500');
  });

  it('hides secrets, file paths and control characters in a reason', () => {
    const body = JSON.stringify({ error: 'bad s3cret in /app/src/routes/api.js:42:7\u0000\u202e C:\\app\\src\\x.js' });
    const { message } = errorOfAnswer('HEALTH', answer(400, 'application/json', body), scrub);
    expect(message).not.toMatch(/s3cret|app|\.js|\p{Cc}|\p{Cf}/u);
    expect(message.length).toBeLessThan(260);
  });

  it('passes on how long a limited caller should wait', () => {
    const error = errorOfAnswer('SANITIZE_JSON', answer(429, 'text/html', 'Too many', { 'retry-after': '7' }), scrub);
    expect(error).toMatchObject({ failure: 'RATE_LIMITED', retryAfterMs: 7_000, retryable: true });
  });

  it('does not follow redirects', () => {
    expect(errorOfAnswer('HEALTH', answer(302, '', ''), scrub)).toMatchObject({ failure: 'MALFORMED_ANSWER' });
  });
});
