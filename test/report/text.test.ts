import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quoted } from '../../src/text/shell.ts';
import { ascii, isVisible, safeJson, visible, visibleLines } from '../../src/text/visible.ts';
import { widthOf, wrap } from '../../src/text/wrap.ts';

describe('visible', () => {
  test('what a terminal obeys is written out, the rest stays', () => {
    expect(visible('a\u001b[0m\u0000\u007f\u009b\n\t\r\u202e\u200bé漢🙂')).toBe(
      'a\\x1b[0m\\x00\\x7f\\x9b\\n\\t\\r\\u202e\\u200bé漢🙂',
    );
    expect(visible('\ud800x')).toBe('\\ud800x');
  });
  test.each([
    ['C0', 0x00, 0x1f],
    ['DEL and C1', 0x7f, 0x9f],
    ['soft hyphen and joiners', 0xad, 0xad],
    ['Arabic letter mark', 0x61c, 0x61c],
    ['Hangul fillers', 0x115f, 0x1160],
    ['Mongolian selectors', 0x180b, 0x180f],
    ['zero width, left and right', 0x200b, 0x200f],
    ['separators and embeddings', 0x2028, 0x202e],
    ['invisible signs and isolates', 0x2060, 0x206f],
    ['another filler', 0x3164, 0x3164],
    ['lone surrogates', 0xd800, 0xdfff],
    ['variation selectors', 0xfe00, 0xfe0f],
    ['byte order mark', 0xfeff, 0xfeff],
    ['annotations', 0xfff9, 0xfffb],
    ['musical marks', 0x1d173, 0x1d17a],
    ['tags and more selectors', 0xe0000, 0xe0fff],
  ])('%s are written out, in JSON too', (_name, first, last) => {
    for (let code = first; code <= last; code++) {
      const text = `a${String.fromCodePoint(code)}b`;
      expect(visible(text)).toMatch(/^a\\(x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]+\}|[ntr])b$/);
      expect(isVisible(text)).toBe(false);
      expect(isVisible(visible(text))).toBe(true);
      if (code === 0x0a) continue;
      expect(safeJson(`"${text}"`)).toMatch(/^"a(\\u[0-9a-f]{4}){1,2}b"$/);
      expect(JSON.parse(safeJson(JSON.stringify(text)))).toBe(text);
    }
  });
  test('lines stay lines', () => {
    expect(visibleLines('a\tb\n\u001bc\n\n')).toEqual(['a  b', '\\x1bc']);
  });
  test('JSON keeps its value and holds nothing that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const safe = safeJson(JSON.stringify({ text }));
        expect(JSON.parse(safe)).toEqual({ text });
        expect(safe).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
      }),
    );
  });
  test('ASCII: known signs in letters, others as code points', () => {
    expect(ascii('a → b … “c” 漢')).toBe('a -> b ... "c" \\u{6f22}');
  });
});

describe('wrap', () => {
  test('no word is lost or broken, and only a single word is longer than the line', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[!-~]{1,40}$/)), fc.integer({ min: 10, max: 80 }), (words, columns) => {
        const lines = wrap(words.join(' '), columns, '  ', '    ');
        expect(lines.join(' ').split(' ').filter(Boolean)).toEqual(words);
        for (const line of lines) if (line.length > columns) expect(line.trim()).not.toContain(' ');
      }),
    );
  });
  test('wide letters take two columns, marks none', () => {
    expect(widthOf('漢字')).toBe(4);
    expect(widthOf('e\u0301')).toBe(1);
    expect(wrap('漢字 漢字 漢字', 9)).toEqual(['漢字 漢字', '漢字']);
  });
});

test('a quoted word arrives at a shell as it was', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), (word) => {
      fc.pre(!word.includes('\0'));
      const out = execFileSync('/bin/sh', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' });
      expect(out).toBe(word);
    }),
    { numRuns: 40 },
  );
});
