import { createRouter, type Route } from '../../../src/gateway/router';

const route = (methods: readonly string[], pattern: string): Route => ({ methods, pattern, handler: () => undefined });
const routes = [
  route(['GET'], '/'),
  route(['POST'], '/ingest/:stream'),
  route(['GET'], '/ingest/:stream'),
  route(['GET'], '/exports/:id/file'),
  route(['GET'], '/assets/*'),
];
const find = createRouter(routes);

describe('the router', () => {
  it.each([
    ['GET', '/', 0, {}],
    ['POST', '/ingest/a.b-c', 1, { stream: 'a.b-c' }],
    ['POST', '/ingest/a%2Fb%20c', 1, { stream: 'a/b c' }],
    ['GET', '/exports/7/file', 3, { id: '7' }],
    ['GET', '/assets/js/app.js', 4, { '*': 'js/app.js' }],
  ])('finds %s %s', (method, path, index, params) => {
    expect(find(method, path)).toEqual({ route: routes[index], params });
  });

  it.each(['/ingest', '/ingest/', '/ingest/a/b', '/INGEST/a', '/ingest/a/', '', '//', '/exports//file'])(
    'finds nothing at %j',
    (path) => {
      expect(find('GET', path)).toEqual({ allowed: [] });
    },
  );

  it('tells the methods that a path takes', () => {
    expect(find('DELETE', '/ingest/a')).toEqual({ allowed: ['POST', 'GET'] });
  });

  it('refuses malformed percent-encoding', () => {
    expect(() => find('POST', '/ingest/%zz')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
