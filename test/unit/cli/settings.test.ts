import { keyOf, readSettings } from '../../../src/cli/settings';

describe('settings of the command', () => {
  it('speak to this machine unless told', () => {
    expect(readSettings(undefined, {})).toEqual({ url: 'http://127.0.0.1:4000', key: null });
  });

  it('prefer --url to ARGUS_URL, and drop slashes at the end', () => {
    expect(readSettings('https://b/', { ARGUS_URL: 'http://a' }).url).toBe('https://b');
    expect(readSettings(undefined, { ARGUS_URL: 'http://a//' }).url).toBe('http://a');
  });

  it('prefer ARGUS_KEY; empty counts as unset', () => {
    expect(readSettings(undefined, { ARGUS_KEY: 'k', ARGUS_ADMIN_KEY: 'a' }).key).toBe('k');
    expect(readSettings(undefined, { ARGUS_KEY: '', ARGUS_ADMIN_KEY: 'a' }).key).toBe('a');
  });

  it.each(['ftp://a', 'nonsense'])('refuse %s', (url) => {
    expect(() => readSettings(url, {})).toThrow('http or https');
  });

  it('say which variable to set where the key is missing', () => {
    expect(() => keyOf(readSettings(undefined, {}))).toThrow('ARGUS_ADMIN_KEY');
  });
});
