import { isPoisonous } from '../../../src/datasources/poison-patterns';
import { triggersAsync } from '../../../src/sandbox/auto-async';

/** One text for each of the backend's 26 expressions. */
const TRIGGERS = [
  '<script>alert(1)</script>',
  'javascript:alert(1)',
  'vbscript:x',
  'onclick = x',
  '<iframe src=x>',
  '<object data=x>',
  '<embed src=x>',
  '<form action=x>',
  '<input type=x>',
  '<meta charset=x>',
  '<link rel=x>',
  '<style>p{}</style>',
  'data:text/html,x',
  'expression(x)',
  'eval (x)',
  'a function (of x)',
  `setTimeout('x')`,
  `setInterval("x")`,
  'document.write',
  'x.innerHTML = y',
  'x.outerHTML=y',
  'insertAdjacentHTML',
  'dangerouslySetInnerHTML',
  'url(javascript:x)',
  'url( "vbscript:x")',
  'url(data:x)',
];

describe('isPoisonous', () => {
  it.each(TRIGGERS)('catches what makes the backend queue %p', (text) => {
    expect(triggersAsync(text)).toBe(true);
    expect(isPoisonous(`before ${text} after`)).toBe(true);
    expect(isPoisonous(text.toUpperCase())).toBe(true);
  });

  it('sees through full-width and invisible characters', () => {
    expect(isPoisonous('java\u200bscript:x')).toBe(true);
    expect(isPoisonous('\uff1cscript\uff1e')).toBe(true);
  });

  it.each(['on', ' ', 'a', '<', 'url(', '<script', 'on '])('takes no longer than linear time for many %j', (part) => {
    const startedAt = performance.now();
    for (const text of [part.repeat(100_000), `url(${part.repeat(100_000)}`, `<${part.repeat(100_000)}`])
      isPoisonous(text);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it.each(['Hello World', 'the function of x', 'a < b and c > d', '{"key":"value"}', 'evaluate, then write'])(
    'lets %p pass',
    (text) => expect(isPoisonous(text)).toBe(false),
  );
});
