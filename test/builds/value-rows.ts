// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of a Dockerfile
import { type Named, row } from './row.ts';

const OLD = 'v0.11.6';
const file = (...lines: readonly string[]): string => `FROM alpine\n${lines.join('\n')}\n`;
const step = (flags: string, rest = 'true'): string => file(`RUN ${flags} ${rest}`);
const asApp = (flags: string, rest: string): string => file('USER app', `RUN ${flags} ${rest}`);
const parse = (line: number): readonly string[] => [`error dockerfile.parse-error Dockerfile:${line}`];
const option = (line: number): readonly string[] => [`error dockerfile.invalid-option Dockerfile:${line}`];

/** Builds and what is found in them: words, values, mounts and stages. Each was built by v0.11.6 and v0.32.2. */
export const valueRows: readonly Named[] = [
  // Mounts.
  row('a bind mount without a target', step('--mount=type=bind,source=a'), option(2), { files: { a: '' } }),
  row('a tmpfs without a target', step('--mount=type=tmpfs'), option(2)),
  row('a cache over the root', step('--mount=type=cache,target=/'), option(2)),
  row('a cache without a target below a WORKDIR', file('WORKDIR /w', 'RUN --mount=type=cache true'), []),
  row('a target of a variable without a value', file('ARG T', 'RUN --mount=type=cache,target=$T true'), option(3)),
  row('a source in an empty cache', step('--mount=type=cache,source=/y,target=/x'), option(2)),
  row('a source in a cache that other steps fill', step('--mount=type=cache,id=c,source=/y,target=/x'), []),
  row('a cache of root that is written', asApp('--mount=type=cache,target=/c', 'touch /c/x'), [
    'error dockerfile.cache-owner Dockerfile:3',
  ]),
  row('a cache of root that is perhaps written', asApp('--mount=type=cache,target=/c', 'ls /c'), [
    'warning dockerfile.cache-owner Dockerfile:3',
  ]),
  row('a cache of another user', file('USER 1000', 'RUN --mount=type=cache,target=/c,uid=999 touch /c/x'), [
    'error dockerfile.cache-owner Dockerfile:3',
  ]),
  row('a cache of a group that may not write', asApp('--mount=type=cache,target=/c,gid=1000', 'touch /c/x'), [
    'error dockerfile.cache-owner Dockerfile:3',
  ]),
  row('a cache of a group', asApp('--mount=type=cache,target=/c,gid=1000,mode=0775', 'touch /c/x'), []),
  row('a cache of all', asApp('--mount=type=cache,target=/c,mode=0777', 'touch /c/x'), []),
  row('a write into a bind mount', step('--mount=target=/x', 'touch /x/y'), [
    'error dockerfile.readonly-mount-write Dockerfile:2',
  ]),
  row('a redirection into a bind mount', step('--mount=target=/x', 'echo 1 > /x/y'), [
    'error dockerfile.readonly-mount-write Dockerfile:2',
  ]),
  row('a write into a bind mount that may fail', step('--mount=target=/x', 'touch /x/y || true'), []),
  row('a write into a writable bind mount', step('--mount=target=/x,rw', 'touch /x/y'), []),
  row('a write into a writable bind mount of root', asApp('--mount=target=/x,rw', 'touch /x/y'), [
    'error dockerfile.readonly-mount-write Dockerfile:3',
  ]),
  row('a secret of a group', asApp('--mount=type=secret,id=a,gid=1000,mode=0440', 'cat /run/secrets/a'), [], {
    flags: '--secret id=a,src=a',
    files: { a: 'x' },
  }),
  // Stages.
  row('a number that no stage has', file('COPY --from=5 /a /a'), parse(2)),
  row('a stage by a variable', file('ARG S=b', 'COPY --from=$S /a /a'), parse(3)),
  row('a stage that needs itself', 'FROM alpine AS x\nCOPY --from=x /a /a\n', [
    'error dockerfile.stage-order Dockerfile:1',
  ]),
  row(
    'stages that need each other, unreached',
    `FROM alpine AS x\nCOPY --from=y /a /a\nFROM alpine AS y\nCOPY --from=x /a /a\n${file()}`,
    ['error dockerfile.stage-order Dockerfile:1'],
  ),
  row(
    'a mount of a stage that follows, before 1.7',
    'FROM alpine AS x\nRUN --mount=from=y,target=/x true\nFROM alpine AS y\nRUN true\n',
    ['warning dockerfile.stage-order Dockerfile:2'],
    { flags: '--opt target=x', buildkit: OLD },
  ),
  row('a target by its number', file(), ['error build.target-missing build.sh:2'], { flags: '--opt target=0' }),
  // FROM.
  row('FROM of an unknown variable', 'FROM $B\n', ['error build.arg-missing Dockerfile:1']),
  row('FROM of a variable without a value', 'ARG B\nFROM $B\n', ['error build.arg-missing Dockerfile:2']),
  row('FROM of a variable that the command gives', 'ARG B\nFROM $B\n', [], { flags: '--opt build-arg:B=alpine' }),
  row('FROM with a tag of a stage', 'FROM alpine AS x\nARG V=1\nFROM alpine:$V\n', parse(3)),
  row('FROM in capitals', 'FROM Alpine\n', parse(1)),
  row('an unknown variable for a platform', 'FROM --platform=$NOPE alpine\n', parse(1)),
  row('a platform of too many parts', 'FROM --platform=a/b/c/d alpine\n', parse(1)),
  row('nothing but ARG', 'ARG A=1\n', parse(1)),
  // Words.
  row('an odd quote', file('ENV A="x'), parse(2)),
  row('a substitution that does not end', file('WORKDIR ${x'), parse(2)),
  row('a substitution of bash', file('WORKDIR /${x^^}'), parse(2)),
  row('part of a value', file('WORKDIR /${x:0:1}'), parse(2)),
  row('a bad substitution in a stage that is not built', `FROM alpine AS x\nWORKDIR \${x\n${file()}`, []),
  row(
    'a pattern in a substitution, before 1.7',
    file('ARG x=abc', 'WORKDIR /${x#a}'),
    ['error dockerfile.frontend-too-old Dockerfile:3'],
    { buildkit: OLD },
  ),
  row('a pattern in a substitution', file('ARG x=abc', 'WORKDIR /${x#a}'), []),
  row(
    'a replacement in a substitution, before 1.7',
    file('ARG x=abc', 'WORKDIR /${x/a/b}'),
    ['error dockerfile.frontend-too-old Dockerfile:3'],
    { buildkit: OLD },
  ),
  row(
    'a default without a colon, before 1.11',
    file('ARG x', 'WORKDIR /${x-y}'),
    ['error dockerfile.frontend-too-old Dockerfile:3'],
    { buildkit: 'v0.16.0' },
  ),
  row('a value that is required', file('ARG x', 'WORKDIR /${x:?}'), ['error build.arg-missing Dockerfile:3']),
  row('a value that is required and given', file('ARG x', 'WORKDIR /${x:?}'), [], { flags: '--opt build-arg:x=1' }),
  row('a port that is none', file('EXPOSE foo'), parse(2)),
  row('a protocol that is none', file('EXPOSE 80/foo'), parse(2)),
  row('ports', file('EXPOSE 80-90 53/udp 5/sctp $X'), []),
  row('a signal that is none', file('STOPSIGNAL SIGFOO'), parse(2)),
  row('signals', file('STOPSIGNAL TERM', 'STOPSIGNAL 9', 'STOPSIGNAL SIGRTMIN+3'), []),
  row('a mode that is none', file('COPY --chmod=foo a /a'), option(2), { files: { a: '' } }),
  row('a mode that is too high', file('COPY --chmod=999 a /a'), option(2), { files: { a: '' } }),
  row(
    'a mode that is none, before 1.10',
    file('COPY --chmod=foo a /a'),
    ['warning dockerfile.silently-ignored Dockerfile:2'],
    { files: { a: '' }, buildkit: OLD },
  ),
  row('a digest that is none', file('ADD --checksum=md5:aa http://127.0.0.1:1/x /x'), option(2)),
  row(
    'ADD --checksum in 1.5 where it is not built',
    `FROM alpine AS x\nADD --checksum=sha256:${'a'.repeat(64)} a /\n${file()}`,
    [],
    {
      buildkit: OLD,
    },
  ),
  row('ADD --keep-git-dir of a file in 1.5', file('ADD --keep-git-dir=true a /a'), [], {
    files: { a: '' },
    buildkit: OLD,
  }),
  row('an account in an empty image', 'FROM scratch\nCOPY --chown=app a /\n', option(2), { files: { a: '' } }),
  row('a test of the shell', step('', '[ "$(cat /etc/group)" != "42" ] && [ -e /etc/passwd ]'), []),
  row('no JSON', step('', "['true']"), parse(2)),
  row('a here-document of Windows', 'FROM alpine\r\nRUN <<EOF\r\ntrue\r\nEOF\r\n', [
    'error dockerfile.line-endings Dockerfile:2',
  ]),
  // The check directive.
  row('a check option that is none', `# check=foo=bar\n${file()}`, parse(1)),
  row('check as an error', '# check=error=true\nFROM alpine as x\n', ['error dockerfile.check-violation Dockerfile:2']),
  row('check as an error, before 1.8', '# check=error=true\nFROM alpine as x\n', [], { buildkit: OLD }),
  row('check as an error without a mistake', `# check=error=true\n${file()}`, []),
  row('check as an error with the rule left out', '# check=skip=FromAsCasing;error=true\nFROM alpine as x\n', []),
  // The context.
  row(
    'a source that leads out of the context',
    file('COPY ../zz /a'),
    ['error build.context-file-missing Dockerfile:2'],
    {
      files: { a: '' },
    },
  ),
  row('a source that leads back into the context', file('COPY ../a /a'), [], { files: { a: '' } }),
  row(
    'a directory that is left out, though another file is taken back',
    file('COPY dir /'),
    ['error build.context-file-missing Dockerfile:2'],
    { files: { 'dir/b': '', a: '', '.dockerignore': 'dir\n!a\n' } },
  ),
  row('a directory that is taken back in part', file('COPY dir /'), [], {
    files: { 'dir/b': '', '.dockerignore': 'dir\n!dir/b\n' },
  }),
  row(
    'COPY --parents of nothing on an old daemon',
    `# syntax=docker/dockerfile:1\n${file('COPY --parents nope /')}`,
    ['warning dockerfile.silently-ignored Dockerfile:3'],
    { files: { a: '' }, buildkit: OLD },
  ),
  // Secrets.
  row('a secret without an id', step('--mount=type=secret,id=a'), ['error build.secret-invalid build.sh:2'], {
    flags: '--secret src=a',
    files: { a: '' },
  }),
  row('a secret by its id alone', step('--mount=type=secret,id=a'), [], { flags: '--secret id=a', files: { a: '' } }),
  row(
    'a secret by its id alone, without a file',
    step('--mount=type=secret,id=zz'),
    ['error build.secret-invalid build.sh:2'],
    { flags: '--secret id=zz', files: { a: '' } },
  ),
  row('a secret that is a directory', step('--mount=type=secret,id=a'), ['error build.secret-invalid build.sh:2'], {
    flags: '--secret id=a,src=dir',
    files: { 'dir/b': '' },
  }),
  // Options and flags of buildctl.
  ...(
    [
      ['force-network-mode=default', 'error'],
      ['foo', 'error'],
      ['build-arg:A', 'error'],
      ['platform=foo', 'error'],
      ['platform=', null],
      ['add-hosts=foo:1.2.3.4', 'error'],
      ['add-hosts=foo=1.2.3.4', null],
      ['cpushares=x', 'error'],
      ['ulimit=nofile=2048:1024', 'error'],
      ['attest:foo=', 'error'],
      ['build-arg:BUILDKIT_SYNTAX=', 'error'],
    ] as const
  ).map(([words, severity]) =>
    row(
      `--opt ${words}`,
      step('').replace('  ', ' '),
      severity === null ? [] : [`${severity} build.opt-invalid build.sh:2`],
      {
        flags: `--opt ${words}`,
      },
    ),
  ),
  ...(
    [
      ['type=local', true],
      ['out', true],
      ['name=x', true],
      ['type=image,name=x,push=maybe', true],
      ['type=image,name=x,compression=foo', true],
      ['type=image,name=x,compression=zstd', false],
    ] as const
  ).map(([words, refused]) =>
    row(`--output ${words}`, file('RUN true'), refused ? ['error build.exporter-invalid build.sh:2'] : [], {
      flags: `--output ${words}`,
    }),
  ),
  row('a cache with an empty key', file('RUN true'), ['error build.cache-invalid build.sh:2'], {
    flags: '--export-cache type=registry,ref=',
  }),
  row('the network of the host for nothing', 'FROM scratch\nCOPY a /\n', [], {
    flags: '--opt force-network-mode=host',
    files: { a: '' },
    config: 'insecure-entitlements = ["network.host"]\n',
  }),
  row('a flag without its value', file('RUN true'), ['error build.flag-unknown build.sh:2'], { flags: '--output' }),
  row('a global flag behind build, from v0.31 on', file('RUN true'), [], { flags: '--debug' }),
  row('a global flag behind build, before v0.31', file('RUN true'), ['error build.flag-unknown build.sh:2'], {
    flags: '--debug',
    buildkit: OLD,
  }),
  row('the end of the flags', file('RUN true'), [], { flags: '-- x' }),
  row(
    'a Dockerfile in small letters by another name',
    file('RUN true'),
    ['error build.context-file-missing build.sh:2'],
    {
      flags: '--opt filename=dockerfile',
    },
  ),
];
