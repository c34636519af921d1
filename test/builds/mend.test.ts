import { describe, expect, test } from 'vitest';
import { changed, mendOf } from '../../src/builds/mend.ts';
import { judged, PLAIN, type Row, short } from './judged.ts';

interface Mended {
  readonly name: string;
  readonly row: Omit<Row, 'finds'>;
  readonly file: 'Dockerfile' | 'build.sh';
  readonly becomes: string;
  readonly risk?: 'risky';
}

const OLD = 'v0.11.6';
const script = (command: string): string => `#!/bin/sh\n${command}\n`;

const rows: readonly Mended[] = [
  {
    name: 'a syntax line below a comment',
    row: { dockerfile: '# Ours\n# syntax=docker/dockerfile:1.7\nFROM alpine\n', flags: '' },
    file: 'Dockerfile',
    becomes: '# syntax=docker/dockerfile:1.7\n# Ours\nFROM alpine\n',
  },
  {
    name: 'a syntax line with blanks in front',
    row: { dockerfile: '  # syntax=docker/dockerfile:1\nFROM alpine\n', flags: '' },
    file: 'Dockerfile',
    becomes: '# syntax=docker/dockerfile:1\nFROM alpine\n',
  },
  {
    name: 'a syntax line behind a byte order mark',
    row: { dockerfile: '\ufeff# syntax=docker/dockerfile:1\nFROM alpine\n', flags: '', buildkit: OLD },
    file: 'Dockerfile',
    becomes: '# syntax=docker/dockerfile:1\nFROM alpine\n',
  },
  {
    name: 'no syntax line',
    row: { dockerfile: 'FROM alpine\r\nCOPY --parents a /\r\n', files: { a: '' }, flags: '', buildkit: OLD },
    file: 'Dockerfile',
    becomes: '# syntax=docker/dockerfile:1\r\nFROM alpine\r\nCOPY --parents a /\r\n',
  },
  {
    name: 'an old syntax line',
    row: {
      dockerfile: '#syntax=docker/dockerfile:1.7 # pinned\nFROM alpine\nCOPY --parents a /\n',
      files: { a: '' },
      flags: '',
    },
    file: 'Dockerfile',
    becomes: '#syntax=docker/dockerfile:1 # pinned\nFROM alpine\nCOPY --parents a /\n',
  },
  {
    name: 'what the labs channel alone has',
    row: { dockerfile: '#!/usr/bin/env x\nFROM alpine\nRUN --device=a.b/c=d true\n', flags: '' },
    file: 'Dockerfile',
    becomes: '#!/usr/bin/env x\n# syntax=docker/dockerfile:1-labs\nFROM alpine\nRUN --device=a.b/c=d true\n',
  },
  {
    name: 'a misspelt flag',
    row: { dockerfile: 'FROM alpine\nRUN \\\n  --mont=type=cache,target=/c true\n', flags: '' },
    file: 'Dockerfile',
    becomes: 'FROM alpine\nRUN \\\n  --mount=type=cache,target=/c true\n',
  },
  {
    name: 'a cache whose path has no name',
    row: { dockerfile: 'FROM alpine\nRUN --mount=type=cache,/c true\n', flags: '' },
    file: 'Dockerfile',
    becomes: 'FROM alpine\nRUN --mount=type=cache,target=/c true\n',
  },
  {
    name: 'a symbolic mode that is whole',
    row: { dockerfile: 'FROM alpine\nCOPY --chmod=u=rwx,go=rx a /a\n', files: { a: '' }, flags: '', buildkit: OLD },
    file: 'Dockerfile',
    becomes: 'FROM alpine\nCOPY --chmod=755 a /a\n',
  },
  {
    name: 'a symbolic mode that adds to the file',
    row: { dockerfile: 'FROM alpine\nCOPY --chmod=+x a /a\n', files: { a: '' }, flags: '', buildkit: OLD },
    file: 'Dockerfile',
    becomes: 'FROM alpine\nCOPY --chmod=755 a /a\n',
    risk: 'risky',
  },
  {
    name: 'an option of another name',
    row: { dockerfile: 'FROM alpine\n', flags: '--opt network=none' },
    file: 'build.sh',
    becomes: script(`${PLAIN} --opt force-network-mode=none`),
  },
  {
    name: 'an entitlement that the command does not ask for',
    row: {
      dockerfile: 'FROM alpine\nRUN --network=host true\n',
      flags: '',
      config: 'insecure-entitlements = ["network.host"]\n',
    },
    file: 'build.sh',
    becomes: script(PLAIN.replace('build ', 'build --allow network.host ')),
  },
];

describe('mends', () => {
  test.each(rows)('$name', ({ row, file, becomes, risk = 'safe' }) => {
    const texts: { readonly [name: string]: string | undefined } = {
      Dockerfile: row.dockerfile,
      'build.sh': script(row.command ?? `${PLAIN} ${row.flags}`.trimEnd()),
    };
    const before = judged({ ...row, flags: (row.flags ?? '').trimEnd(), finds: [] });
    const text = texts[file] ?? '';
    const [mend] = before
      .filter((found) => found.file === file)
      .flatMap((found) => mendOf(found, text.replace(` \n`, '\n')) ?? []);
    expect(mend?.risk).toBe(risk);
    const mended = changed(text, mend?.changes ?? []);
    expect(mended).toBe(becomes);
    // What is mended is found no more.
    const after = judged({
      ...row,
      ...(file === 'Dockerfile' ? { dockerfile: mended } : { command: mended.replace('#!/bin/sh\n', '').trimEnd() }),
      finds: [],
    });
    const gone = before
      .filter((found) => found.file === file && mendOf(found, text) !== null)
      .map(({ condition }) => condition);
    expect(after.map(({ condition }) => condition)).not.toContain(gone[0]);
  });

  test('a frontend of somebody, or one by its digest, is theirs to change', () => {
    for (const image of [
      'example.org/docker/dockerfile:1.7',
      'docker/dockerfile:1.7@sha256:0000000000000000000000000000000000000000000000000000000000000000',
    ]) {
      const text = `# syntax=${image}\nFROM alpine\nCOPY --parents a /\n`;
      const found = judged({ dockerfile: text, files: { a: '' }, flags: '', finds: [] });
      expect(
        found.flatMap((one) => mendOf(one, text) ?? []),
        found.map(short).join(),
      ).toEqual([]);
    }
  });
});
