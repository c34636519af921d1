import { describe, expect, test } from 'vitest';
import { syntaxOf } from '../../../src/buildkit/dockerfile/directives.ts';
import { NEWEST_FRONTEND } from '../../../src/buildkit/dockerfile/frontend.ts';
import { firstMistake } from '../../../src/buildkit/dockerfile/instructions.ts';
import { readMount } from '../../../src/buildkit/dockerfile/mount.ts';
import { readDockerfile } from '../../../src/buildkit/dockerfile/read.ts';
import { expanded, shellWords } from '../../../src/buildkit/dockerfile/shell-words.ts';

/** Each instruction as its lines, name, flags and arguments. */
const told = (text: string): readonly string[] =>
  readDockerfile(text).instructions.map(({ start, end, command, flags, args, json, heredocs }) =>
    [
      `${start}-${end}`,
      command,
      ...flags,
      ...(json ? ['json'] : []),
      ...args.map((arg) => `<${arg}>`),
      ...heredocs.map(({ name, expand, chomp, content }) => `${name}:${expand}:${chomp}:${content}`),
    ].join(' '),
  );

describe('a Dockerfile is read as BuildKit reads it', () => {
  test.each<readonly [name: string, text: string, expected: readonly string[]]>([
    [
      'continued lines, with comments and empty lines between',
      'FROM a\nRUN x \\\n  # why\n\n  y\n',
      ['1-1 FROM <a>', '2-5 RUN <x   y>'],
    ],
    [
      'an escaped backslash at the end continues nothing',
      'FROM a\nRUN x \\\\\nRUN y\n',
      ['1-1 FROM <a>', '2-2 RUN <x \\\\>', '3-3 RUN <y>'],
    ],
    [
      'another escape character',
      '# escape=`\nFROM a\nCOPY c:\\x `\n  d:\\\n',
      ['2-2 FROM <a>', '3-4 COPY <c:\\x> <d:\\>'],
    ],
    [
      'the escape character only in the first lines',
      '# hello\n# escape=`\nFROM a\nRUN x `\n',
      ['3-3 FROM <a>', '4-4 RUN <x `>'],
    ],
    [
      'JSON and what only looks like it',
      'FROM a\nCMD ["a", "b c"]\nCMD [ a ]\n',
      ['1-1 FROM <a>', '2-2 CMD json <a> <b c>', '3-3 CMD <[ a ]>'],
    ],
    [
      'flags with quotes, and two dashes that end them',
      'FROM a\nRUN --mount="type=cache,target=/a b" -- --x\n',
      ['1-1 FROM <a>', '2-2 RUN --mount=type=cache,target=/a b <--x>'],
    ],
    [
      'a no-break space does not end a flag where it begins',
      'FROM a\nCOPY --link\u00a0b c\n',
      ['1-1 FROM <a>', '2-2 COPY --link\u00c2 <b> <c>'],
    ],
    [
      'pairs of ENV, old and new',
      'FROM a\nENV a=1 b="2 3"\nENV c d e\n',
      ['1-1 FROM <a>', '2-2 ENV <a> <1> <=> <b> <"2 3"> <=>', '3-3 ENV <c> <d e> <>'],
    ],
    [
      'a here-document',
      'FROM a\nRUN <<EOF sh\n# no comment\nx \\\nEOF\n',
      ['1-1 FROM <a>', '2-5 RUN <<<EOF sh> EOF:true:false:# no comment\nx \\\n'],
    ],
    [
      'two of them, quoted and with tabs',
      'FROM a\nCOPY <<"A" <<-B /x/\n1\nA\n\t2\n\tB\n',
      ['1-1 FROM <a>', '2-6 COPY <<<"A"> <<<-B> </x/> A:false:false:1\n B:true:true:\t2\n'],
    ],
    ['a shift is no here-document', 'FROM a\nRUN echo $((1<<2))\n', ['1-1 FROM <a>', '2-2 RUN <echo $((1<<2))>']],
    [
      'one that is put off',
      'FROM a\nONBUILD RUN <<E\nx\nE\n',
      ['1-1 FROM <a>', '2-4 ONBUILD <RUN> <<<E> E:true:false:x\n'],
    ],
    [
      'a health check',
      'FROM a\nHEALTHCHECK --interval=5s CMD ["a"]\n',
      ['1-1 FROM <a>', '2-2 HEALTHCHECK --interval=5s json <CMD> <a>'],
    ],
    ['Windows line ends', 'FROM a\r\nRUN x \\\r\n y\r\n', ['1-1 FROM <a>', '2-3 RUN <x  y>']],
  ])('%s', (_, text, expected) => {
    expect(told(text)).toEqual(expected);
  });

  test.each([
    ['', 'file with no instructions'],
    ['# only\n', 'file with no instructions'],
    ['FROM a\nRUN <<EOF\nx\n', 'unterminated heredoc'],
    ['# escape=^\nFROM a\n', "invalid escape token '^' does not match ` or \\"],
    ['FROM a\nENV x\n', 'ENV must have two arguments'],
    ['FROM a\nCMD ["a", 1]\n', 'when using JSON array syntax, arrays must be comprised of strings only'],
    [`FROM a\nRUN ${'x'.repeat(65_536)}\n`, 'dockerfile line greater than max allowed size of 65535'],
  ])('refused: %j', (text, message) => {
    expect(() => readDockerfile(text)).toThrow(message);
  });

  test.each([
    ['FROM a b\n', 'FROM requires either one or three arguments'],
    ['FROM a AS 1b\n', 'invalid name for build stage: "1b", name can\'t start with a number or contain symbols'],
    ['FROM a\nRUN --mont=type=ssh x\n', 'unknown flag: --mont (did you mean mount?)'],
    [
      'FROM a\nCOPY a\n',
      'COPY requires at least two arguments, but only one was provided. Destination could not be determined',
    ],
    ['FROM a\nCOPY --link=yes a b\n', 'expecting boolean value for flag --link, not: yes'],
    ['FROM a\nRUN --network=bridge x\n', 'invalid network mode "bridge"'],
    [
      'FROM a\nRUN --mount=type=bind,from=$X,target=/x x\n',
      "'from' doesn't support variable expansion, define alias stage instead",
    ],
    ['FROM a\nHEALTHCHECK --interval=5 CMD x\n', 'time: missing unit in duration "5"'],
    ['FROM a\nSHELL sh\n', 'SHELL requires the arguments to be in JSON form'],
    ['FROM a\nONBUILD FROM b\n', "FROM isn't allowed as an ONBUILD trigger"],
    ['RUN x\n', 'no build stage in current context'],
  ])('a mistake: %j', (text, message) => {
    expect(firstMistake(readDockerfile(text))?.mistake.message).toBe(message);
  });

  test.each([
    ['# syntax=docker/dockerfile:1 # x\nFROM a\n', 'docker/dockerfile:1'],
    ['#!/bin/x\n#syntax = a/b\n', 'a/b'],
    ['// syntax=a/b\n', 'a/b'],
    ['{"syntax": "a/b"}\n', 'a/b'],
    ['# x\n# syntax=a/b\n', undefined],
    ['# escape=`\n# SYNTAX=a/b\n', 'a/b'],
  ])('the syntax of %j', (text, image) => {
    expect(syntaxOf(text, true)?.image).toBe(image);
  });
});

describe('words', () => {
  const variables = (name: string): string | undefined =>
    new Map([
      ['a', 'one.two.three'],
      ['e', ''],
    ]).get(name);
  test.each([
    [`$a \${a}`, 'one.two.three one.two.three'],
    [`\${x:-d} \${e:-d} \${e-d} \${a:+s}`, 'd d  s'],
    [`\${a#*.} \${a##*.}`, 'two.three three'],
    [`\${a%.*} \${a%%.*}`, 'one.two one'],
    [`\${a/o/0} \${a//e/E}`, '0ne.two.three onE.two.thrEE'],
    [`'$a' "\\$a" \\$a`, '$a $a $a'],
  ])('%s', (text, expected) => {
    expect(expanded(text, { escape: '\\' }, variables)).toBe(expected);
  });

  test('what cannot be expanded', () => {
    for (const [text, message] of [
      [`\${x:?no}`, 'x: no'],
      [`\${x:-y`, "syntax error: missing '}'"],
      [`\${a^^}`, 'unsupported modifier (^) in substitution'],
      ["'x", 'unexpected end of statement while looking for matching single-quote'],
    ] as const)
      expect(() => expanded(text, { escape: '\\' }, variables), text).toThrow(message);
  });

  test('a pattern of many stars takes no longer than its length', () => {
    const long = 'a'.repeat(2000);
    const variable = (): string => long;
    const started = process.cpuUsage().user;
    expect(expanded(`\${v##${'*a'.repeat(200)}b}`, { escape: '\\' }, variable)).toBe(long);
    expect(process.cpuUsage().user - started).toBeLessThan(20_000_000);
  });

  test('they are split where a shell splits them', () => {
    expect(shellWords('a "b c" d\\ e $x', { escape: '\\' }, () => 'f g')).toEqual(['a', 'b c', 'd e', 'f', 'g']);
  });
});

test.each([
  ['type=cache,target=/x', 'cache /x false'],
  ['target=/x', 'bind /x true'],
  ['type=secret,id=a,required', 'secret  true'],
  ['type=bind,target=/x,rw', 'bind /x false'],
])('the mount %s', (text, expected) => {
  const { type, target, readOnly } = readMount(text, NEWEST_FRONTEND, (value) => value);
  expect(`${type} ${target} ${readOnly}`).toBe(expected);
});
