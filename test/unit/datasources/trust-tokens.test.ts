import { mintToken, sha256, signToken, verifyToken } from '../../../src/datasources/trust-tokens';

const SECRET = 'lab-trust-secret';
const HASH = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
/** Captured from the running backend. */
const CAPTURED = {
  contentHash: HASH,
  originalHash: HASH,
  sanitizationVersion: '1.0',
  rulesApplied: [],
  timestamp: '2026-11-24T02:18:59.878Z',
  expiresAt: '2026-11-25T02:18:59.878Z',
  signature: '98fbb6de3986b52d4774550b837592e43fa70ea31e641f5c12b3429111c8f234',
  nonce: 'ervl9hci0ea',
};
const DURING = Date.parse('2026-11-24T12:00:00Z');

describe('a trust token captured from the backend', () => {
  it('bears the signature that we compute', () => expect(signToken(CAPTURED, SECRET)).toBe(CAPTURED.signature));

  it('is valid for its content while it lives', () => {
    expect(verifyToken(CAPTURED, SECRET, DURING, 'hello')).toEqual({ valid: true, fault: null });
  });

  it.each([
    ['EXPIRED', CAPTURED, SECRET, Date.parse('2026-11-25T02:18:59.878Z'), 'hello'],
    ['CONTENT_MISMATCH', CAPTURED, SECRET, DURING, 'hello!'],
    ['BAD_SIGNATURE', CAPTURED, 'another secret', DURING, 'hello'],
    ['BAD_SIGNATURE', { ...CAPTURED, contentHash: sha256('evil') }, SECRET, DURING, 'evil'],
    ['BAD_SIGNATURE', { ...CAPTURED, expiresAt: '2099-01-01T00:00:00Z' }, SECRET, DURING, 'hello'],
    ['MALFORMED', { ...CAPTURED, signature: 'short' }, SECRET, DURING, 'hello'],
    ['MALFORMED', { ...CAPTURED, nonce: undefined }, SECRET, DURING, 'hello'],
    ['MALFORMED', 'token', SECRET, DURING, 'hello'],
  ])('fails with %s when it should', (fault, token, secret, now, content) => {
    expect(verifyToken(token, secret, now, content)).toEqual({ valid: false, fault });
  });
});

describe('mintToken', () => {
  it('makes a token that we believe, for its life and not longer', () => {
    const token = mintToken('content', SECRET, DURING, 1_000);
    expect(verifyToken(token, SECRET, DURING + 999, 'content').valid).toBe(true);
    expect(verifyToken(token, SECRET, DURING + 1_000, 'content').fault).toBe('EXPIRED');
  });

  it('takes an expiry it cannot read for expired, unlike the backend', () => {
    const unsigned = { ...CAPTURED, expiresAt: 'whenever' };
    const token = { ...unsigned, signature: signToken(unsigned, SECRET) };
    expect(verifyToken(token, SECRET, DURING).fault).toBe('EXPIRED');
  });
});
