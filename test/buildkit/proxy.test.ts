import { expect, test } from 'vitest';
import { proxyFor } from '../../src/buildkit/proxy.ts';

const PROXY = { HTTPS_PROXY: 'http://proxy:3128' };

test.each([
  ['192.0.2.1:1234', {}, true],
  ['build.example:1234', {}, true],
  ['127.0.0.1:1234', {}, false],
  ['[::1]:1234', {}, false],
  ['localhost:1234', {}, false],
  [':1234', {}, false],
  ['192.0.2.1:1234', { NO_PROXY: '*' }, false],
  ['192.0.2.1:1234', { NO_PROXY: '198.51.100.1, 192.0.2.1' }, false],
  ['192.0.2.1:1234', { no_proxy: '192.0.2.0/24' }, false],
  ['192.0.2.1:1234', { no_proxy: '192.0.3.0/24' }, true],
  ['[2001:db8::1]:1', { NO_PROXY: '2001:db8::/32' }, false],
  ['build.example:1234', { NO_PROXY: 'example' }, false],
  ['build.example:1234', { NO_PROXY: '.example' }, false],
  ['build.example:1234', { NO_PROXY: 'uild.example' }, true],
  ['build.example:1234', { NO_PROXY: 'build.example:99' }, true],
  ['build.example:1234', { NO_PROXY: 'build.example:1234' }, false],
])('%s with %j', (address, more, caught) => {
  expect(proxyFor(address, { ...PROXY, ...more })).toBe(caught ? 'HTTPS_PROXY' : null);
});

test('the lower case counts where the upper is not there, and HTTP_PROXY never', () => {
  expect(proxyFor('192.0.2.1:1', { https_proxy: 'http://p' })).toBe('https_proxy');
  expect(proxyFor('192.0.2.1:1', { HTTP_PROXY: 'http://p' })).toBeNull();
});
