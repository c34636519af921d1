import { expect, test } from 'vitest';
import { maskText } from '../../src/secrets/text.ts';

test.each([
  ['http://me:hunter2@proxy:3128', 'http://***:***@proxy:3128'],
  ['https://ghp-token@github.com/x', 'https://***@github.com/x'],
  ['proxy http://user:SEC/slash@p.example:1 failed', 'proxy http://***:***@p.example:1 failed'],
  ['via http://user:p@ss@p.example', 'via http://***:***@p.example'],
  ['lookup user:p@1.2.3.4: no such host', 'lookup ***:***@1.2.3.4: no such host'],
  ['token=abc password: "x y" ok', 'token=*** password: "***" ok'],
  ['{"token":"abc","n":1}', '{"token":"***","n":1}'],
  ['msg="bad {\\"password\\":\\"abc\\"}"', 'msg="bad {\\"password\\":\\"***\\"}"'],
  ['Authorization: Bearer abcdefghijklmnopqrstuv', 'Authorization: Bearer ***'],
  ['authorization: basic eDp5', 'authorization: basic ***'],
  ['AWS_SECRET_ACCESS_KEY=abc/def+g', 'AWS_SECRET_ACCESS_KEY=***'],
  ['buildkitd --registry-password hunter2 --debug', 'buildkitd --registry-password *** --debug'],
  [`ghp_${'a'.repeat(36)}`, '***'],
  ['-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\n', '(private key)\n'],
  ['-----BEGIN PRIVATE KEY-----\nMHc', '(private key)'],
])('%s', (before, after) => {
  expect(maskText(before)).toBe(after);
});

test.each([
  'Add --secret id=npmrc,src=FILE to the command.',
  'keyring: quota 200, secrets in RUN, auth is none',
  'unix:///run/user/alice@corp.example/buildkit/buildkitd.sock',
  'PATH=/usr/bin:/home/alice@corp.example/bin',
  '/home/alice@corp.example/.config/buildkit/buildkitd.toml:3: unknown key',
  'docker.io/moby/buildkit@sha256:aabbccddeeff00112233445566778899',
  'alice:100000:65536',
])('%s holds no secret', (text) => {
  expect(maskText(text)).toBe(text);
});

test.each([
  'a',
  'a@',
  'a:',
  '-',
  '--token',
  '://',
  'secret',
  'password',
  'eyJ',
  '-----BEGIN PRIVATE KEY-----',
  '@ ',
  ' ',
])('time grows with the length alone: %j', (part) => {
  const seconds = (length: number): number => {
    const text = part.repeat(length / part.length);
    const started = performance.now();
    maskText(text);
    return (performance.now() - started) / 1000;
  };
  seconds(10_000);
  expect(seconds(1_000_000)).toBeLessThan(20);
});
