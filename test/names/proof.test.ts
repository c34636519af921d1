import { describe, expect, test } from 'vitest';
import { refuseSurvivor } from '../../src/cli/call/answer.ts';
import { Undelivered } from '../../src/cli/call/outlet.ts';
import { namesOf } from '../../src/names/names.ts';
import { survivorIn } from '../../src/names/proof.ts';
import { translated } from '../../src/names/translate.ts';
import { knownSecrets } from '../../src/secrets/known.ts';

const SECRET = 'q7Zk/p@ss w0rd';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const escapedAll = (text: string): string =>
  [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

describe('the last look', () => {
  test.each([
    ['as it is', (text: string) => `x ${text} y`],
    ['in JSON', (text: string) => JSON.stringify({ text })],
    ['in a URL', (text: string) => `https://h/?x=${encodeURIComponent(text)}`],
    ['in base64', (text: string) => `x ${base64(text)}`],
    ['in base64 behind one byte', (text: string) => `x ${base64(`:${text}:`)}`],
    ['in base64 behind two', (text: string) => `x ${base64(`a:${text}:`)}`],
    ['in hexadecimal', (text: string) => `x ${Buffer.from(text).toString('hex')} y`],
    ['in escapes', (text: string) => `x ${escapedAll(text)}`],
    ['in entities', (text: string) => `x &#${text.charCodeAt(0)};${text.slice(1)}`],
    ['over two lines', (text: string) => `x ${text.slice(0, 8)}\n      ${text.slice(8)}`],
  ])('finds a secret %s', (_where, written) => {
    const secrets = knownSecrets();
    secrets.add(SECRET);
    expect(survivorIn(written(SECRET), secrets, null)).toBe('a secret');
    expect(survivorIn(written('nothing of it here'), secrets, null)).toBeNull();
  });

  test.each([
    ['as it is', 'in /srv/zaphod-cache/x'],
    ['in base64', `x ${base64('{"user":"zaphod"}')}`],
    ['in a URL', 'https://h/?u=%7Aaphod'],
    ['in escapes', String.raw`"\u007aaphod"`],
    ['in hexadecimal', Buffer.from('by zaphod').toString('hex')],
  ])('finds a name %s', (_where, text) => {
    const names = namesOf();
    names.add('user', 'zaphod');
    expect(survivorIn(text, knownSecrets(), names)).toBe('a name');
    expect(survivorIn(text, knownSecrets(), names, ['deploy/zaphod/pod.yaml'])).toBeNull();
    expect(survivorIn(names.hide(text), knownSecrets(), names)).toBeNull();
  });

  test('what JSON has for nothing, yes and no is no name', () => {
    const names = namesOf();
    for (const word of ['null', 'true', 'false']) names.add('user', word);
    const told = { user: null, owner: true, host: false };
    for (const text of [JSON.stringify(told), JSON.stringify(told, null, 2)]) {
      expect(names.hide(text)).toBe(text);
      expect(survivorIn(text, knownSecrets(), names)).toBeNull();
    }
    expect(names.hide('{"user":"null"}')).not.toContain('null');
  });
  test('and nothing is written then', () => {
    expect(() => refuseSurvivor('the answer', 'a name')).toThrow(Undelivered);
    expect(() => refuseSurvivor('the answer', null)).not.toThrow();
  });
});

test('an answer is translated back, and what only looks like a stand-in stays', () => {
  const names = namesOf();
  names.add('user', 'zaphod');
  names.add('host', 'heart.gold.example');
  names.add('address', '10.1.2.3');
  const seen = names.hide('zaphod on heart.gold.example at 10.1.2.3');
  expect(seen).toBe('user1 on host1.example at 192.0.2.1');
  expect(
    translated('Ask User1, not user12; ping 192.0.2.1, not 192.0.2.10, and host1.example.', names.entries()),
  ).toEqual({
    text: 'Ask zaphod, not user12; ping 10.1.2.3, not 192.0.2.10, and heart.gold.example.',
    replaced: 3,
  });
});
