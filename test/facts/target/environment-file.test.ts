import { describe, expect, test } from 'vitest';
import { environmentFile } from '../../../src/facts/target/environment-file.ts';

/** What a service of systemd 252 had of each in its environment. */
const ROWS: readonly (readonly [text: string, read: { readonly [name: string]: string }])[] = [
  ['A=b c\n', { A: 'b c' }],
  ['A="b c"\r\nB=d\r\n', { A: 'b c', B: 'd' }],
  [' A = b \n', { A: 'b' }],
  ['# A=1\n; B=2\nC=3 # d\n', { C: '3 # d' }],
  ['export A=1\nB-C=2\nD\nE=\n', { E: '' }],
  ['A=b \\\n c\nD="e\\\nf"\n', { A: 'b  c', D: 'ef' }],
  ['A="b" "c"\nB=\'d\\e\'\nC=a"b"\n', { A: 'bc', B: 'd\\e', C: 'a"b"' }],
  ['A=\\"b\\$c\\x\nB="\\$\\"\\x"\n', { A: '"b$cx', B: '$"\\x' }],
  ['A="b\nc"\nD=e', { A: 'b\nc', D: 'e' }],
  ['A=1\nA=2\n', { A: '2' }],
  ['\uFEFFA=1\n', {}],
  ['A=b\t\nB="c" d \n', { A: 'b', B: 'cd' }],
  ['A=1\\\n\nB=2\n', { A: '1', B: '2' }],
  ['A="x\nB=1\n', { A: 'x\nB=1\n' }],
  ['A=\\\nB=3\n', { A: 'B=3' }],
];

describe('files of variables', () => {
  test.each(ROWS)('%j', (text, read) => {
    expect(Object.fromEntries(environmentFile(text))).toEqual(read);
  });
  test('any text is taken', () => {
    for (const text of ['', '=', '"', "A='", 'A="\\', '\\', '=\n=', 'A'])
      expect(Array.isArray(environmentFile(text))).toBe(true);
  });
});
