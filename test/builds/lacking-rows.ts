// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of a Dockerfile
import type { Row } from './judged.ts';
import { type Named, row } from './row.ts';

const OLD = 'v0.11.6';
const EMPTY = 'FROM scratch\n';
const BUILT = 'FROM alpine AS b\n';
const PLAIN = 'FROM alpine\nRUN true\n';
const absent = (...lines: readonly number[]): readonly string[] =>
  lines.map((line) => `error dockerfile.image-file-missing Dockerfile:${line}`);
const option = (line: number): readonly string[] => [`error dockerfile.invalid-option Dockerfile:${line}`];
const valued = (line: number): readonly string[] => [`error build.arg-missing Dockerfile:${line}`];

const beside = { files: { a: 'x', 'dir/b': 'y' } };
const output = (words: string, wrong: boolean, more: Partial<Row> = beside): Named =>
  row(`--output ${words}`, `${EMPTY}COPY a /\n`, wrong ? ['error build.exporter-invalid build.sh:2'] : [], {
    ...more,
    flags: `--output ${words}`,
  });
const cache = (words: string, wrong: boolean): Named =>
  row(`--export-cache ${words}`, PLAIN, wrong ? ['error build.cache-invalid build.sh:2'] : [], {
    ...beside,
    flags: `--export-cache ${words}`,
  });
const progress = (mode: string, wrong: boolean, more: Partial<Row> = {}): Named =>
  row(`--progress ${mode} ${more.buildkit ?? ''}`, PLAIN, wrong ? ['error build.opt-invalid build.sh:2'] : [], {
    ...more,
    flags: `--progress ${mode}`,
  });

/** Builds from an empty image, outputs and caches, and what is found in them. Each was built by v0.11.6 and v0.32.2. */
export const lackingRows: readonly Named[] = [
  // Steps in an empty image.
  row('a step in an empty image', `${EMPTY}RUN true\n`, absent(2)),
  row('a program in an empty image', `${EMPTY}RUN ["/x"]\n`, absent(2)),
  row('a program without a directory in an empty image', `${EMPTY}RUN ["true"]\n`, absent(2)),
  row('a here-document in an empty image', `${EMPTY}RUN <<E\ntrue\nE\n`, absent(2)),
  row('a shell that nothing brings', `${EMPTY}SHELL ["/nope"]\nRUN true\n`, absent(3)),
  row('a file that is no shell', `${EMPTY}COPY a /\nRUN true\n`, absent(3), beside),
  row('another program than the one that is run', `${EMPTY}COPY a /a\nRUN ["/b"]\n`, absent(3), beside),
  row('a text beside an empty image', `${EMPTY}COPY <<E /x\nhi\nE\nRUN true\n`, absent(5)),
  row('a stage that begins with an empty one', 'FROM scratch AS x\nFROM x\nRUN true\n', absent(3)),
  row('an empty image by a variable', 'ARG B=scratch\nFROM $B\nRUN true\n', absent(3)),
  row('a step in an empty image that is not built', `FROM scratch AS x\nRUN true\n${PLAIN}`, []),
  row('a whole image that is copied', `${BUILT}${EMPTY}COPY --from=b / /\nRUN true\n`, []),
  row('a shell that is copied', `${BUILT}${EMPTY}COPY --from=b /bin /bin\nRUN true\n`, []),
  row('a shell that is mounted', `${BUILT}${EMPTY}RUN --mount=from=b,source=/bin,target=/bin true\n`, []),
  row(
    'a program that is mounted',
    `${BUILT}${EMPTY}RUN --mount=from=b,source=/bin,target=/b ["/b/busybox","true"]\n`,
    [],
  ),
  row('a context of the name scratch', `${EMPTY}RUN true\n`, [], {
    flags: '--opt context:scratch=local:alpine --local alpine=base',
    files: { 'base/x': '' },
    host: {},
  }),
  // Accounts.
  row('a user by name without a list', `${BUILT}${EMPTY}COPY --from=b /bin /bin\nUSER app\nRUN true\n`, absent(5)),
  row('root by name without a list', `${BUILT}${EMPTY}COPY --from=b /bin /bin\nUSER root\nRUN true\n`, absent(5)),
  row('a user by name for which nothing runs', `${EMPTY}USER app\nCOPY a /\n`, [], beside),
  row('a directory of a user by name', `${EMPTY}USER app\nWORKDIR /w\n`, absent(3)),
  row(
    'an owner by name in an empty stage behind another',
    'FROM scratch AS p\nFROM p\nCOPY --chown=app a /\n',
    option(3),
    beside,
  ),
  row('root as the owner in an empty image', `${EMPTY}COPY --chown=root a /\n`, [], beside),
  row('the group root in an empty image', `${EMPTY}COPY --chown=5:root a /\n`, [], beside),
  row('an owner by name behind a directory', `${EMPTY}WORKDIR /x\nCOPY --chown=app a /b\n`, [], beside),
  row('--link with an owner by name', 'FROM alpine\nCOPY --link --chown=app a /\n', option(2), beside),
  row('--link with an owner by number', 'FROM alpine\nCOPY --link --chown=5:6 a /\n', [], beside),
  // Files of another stage.
  row('a file of an empty stage', `FROM scratch AS b\n${EMPTY}COPY --from=b /x /\n`, absent(3)),
  row('everything of an empty stage', `FROM scratch AS b\n${EMPTY}COPY --from=b / /\n`, []),
  row('a pattern in an empty stage', `FROM scratch AS b\n${EMPTY}COPY --from=b /x* /\n`, []),
  row('a file of scratch itself', 'FROM alpine\nCOPY --from=scratch /x /\n', absent(2)),
  row(
    'another file than the one in a stage',
    `FROM scratch AS b\nCOPY a /\n${EMPTY}COPY --from=b /z /\n`,
    absent(4),
    beside,
  ),
  row('the file in a stage', `FROM scratch AS b\nCOPY a /\n${EMPTY}COPY --from=b /a /\n`, [], beside),
  row('a file in a directory of a stage', `FROM scratch AS b\nCOPY dir /d\n${EMPTY}COPY --from=b /d/b /\n`, [], beside),
  row('a file by its old name', `FROM scratch AS b\nCOPY a /o\n${EMPTY}COPY --from=b /a /\n`, absent(4), beside),
  row('a directory that WORKDIR makes', `FROM scratch AS b\nWORKDIR /w\n${EMPTY}COPY --from=b /w /\n`, []),
  row('a file below it', `FROM scratch AS b\nWORKDIR /w\n${EMPTY}COPY --from=b /w/x /\n`, absent(4)),
  row('a volume is no directory', `FROM scratch AS b\nVOLUME /v\n${EMPTY}COPY --from=b /v /\n`, absent(4)),
  row(
    'a mount of a file of an empty stage',
    'FROM scratch AS b\nFROM alpine\nRUN --mount=from=b,source=/x,target=/x true\n',
    absent(3),
  ),
  row('a mount of an empty stage', 'FROM scratch AS b\nFROM alpine\nRUN --mount=from=b,target=/x true\n', []),
  // Values that are required.
  row('a required value that nothing declares', `${EMPTY}WORKDIR /\${x:?}\n`, valued(2)),
  row('a required value of ARG in front of FROM', `ARG x=1\n${EMPTY}WORKDIR /\${x:?}\n`, valued(3)),
  row('a required platform that is not declared', `${EMPTY}WORKDIR /\${TARGETARCH:?}\n`, valued(2)),
  row('a required value of a stage in front', 'FROM scratch AS a\nENV x=1\nFROM a\nWORKDIR /${x:?}\n', []),
  row('a required search path', `${EMPTY}WORKDIR /\${PATH:?}\n`, []),
  {
    ...row('a required value that an image may have', 'FROM alpine\nWORKDIR /${x:?}\n', [
      'warning build.arg-missing Dockerfile:2',
    ]),
    host: {},
  },
  row('a search path that an image has', 'FROM alpine\nWORKDIR /${PATH:?}\n', []),
  // What stands in front of FROM.
  row('a first word that is no instruction', 'FROMM alpine\nRUN true\n', ['error dockerfile.parse-error Dockerfile:1']),
  row('a mark without width', '\u200bFROM alpine\n', ['error dockerfile.parse-error Dockerfile:1']),
  // Users beyond the map.
  ...(
    [
      ['a user for whom nothing runs', 'USER 70000', null],
      ['a user for whom something runs', 'USER 70000\nRUN true', 2],
      ['a user for whom a directory is made', 'USER 70000\nWORKDIR /w', 2],
      ['a user who is replaced', 'USER 70000\nUSER 5\nRUN true', null],
      ['a copy under a user', 'USER 70000\nCOPY a /', null],
      ['an owner beyond numbers', 'COPY --chown=4294967294 a /', null],
      ['the owner of a secret', 'RUN --mount=type=secret,id=s,uid=70000 true', 2],
      ['the highest owner', 'COPY --chown=65536 a /', null],
    ] as const
  ).map(([name, lines, line]) =>
    row(
      `${name}, rootless`,
      `FROM alpine\n${lines}\n`,
      line === null ? [] : [`error idmap.subid-too-few Dockerfile:${line}`],
      { ...beside, mode: 'rootless', host: { subids: 65536 }, flags: '--secret id=s,src=a' },
    ),
  ),
  row('more open files than a user may have', PLAIN, ['error build.opt-invalid build.sh:2'], {
    mode: 'rootless',
    flags: '--opt ulimit=nofile=99999999',
  }),
  row('more open files than any kernel has', PLAIN, ['error build.opt-invalid build.sh:2'], {
    flags: '--opt ulimit=nofile=5000000000',
  }),
  // Outputs and caches.
  output('type=local,dest=a', true),
  output('type=local,dest=a/b', true),
  output('type=local,dest=out', false),
  output('type=tar,dest=dir', true),
  output('type=oci,dest=out/', true),
  output('type=oci,dest=o.tar', false),
  output('type=oci,tar=false,dest=a', true),
  output('type=oci,tar=false,dest=new', false),
  output('type=oci,tar=false', true),
  output('type=oci,tar=maybe,dest=o.tar', true),
  output('type=docker,dest=o.tar,oci-mediatypes=maybe', true),
  output('type=oci,dest=o.tar,force-compression=maybe', true),
  output('type=docker,dest=o.tar,name=UP', true),
  output('type=image,name=x,name-canonical=maybe', true),
  output('type=image,name=x,insecure=maybe', false),
  output('type=tar,dest=o.tar,compression=foo', false),
  output('type=image,name=x,oci-mediatypes=', false, { ...beside, buildkit: OLD }),
  cache('type=local,dest=cc,compression=foo', true),
  cache('type=local,dest=cc,compression=zstd', false),
  cache('type=local,dest=cc,compression-level=foo', true),
  cache('type=local,dest=cc,oci-mediatypes=maybe', true),
  cache('type=local,dest=a/b', true),
  cache('type=registry,ref=127.0.0.1:1/UP', true),
  progress('plain', false),
  progress('PLAIN', true),
  progress('none', true),
  progress('rawjson', false),
  progress('rawjson', true, { buildkit: OLD }),
];
