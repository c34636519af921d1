import { NEWEST, release } from '../../src/buildkit/version.ts';
import type { Files } from '../../src/builds/model/context.ts';
import { buildkitOfEngine, type Daemon, type KnownHost } from '../../src/builds/model/daemon.ts';
import type { Finding } from '../../src/builds/model/finding.ts';
import { judgeTexts } from '../../src/builds/project.ts';

/** A build to be judged, as short as a table needs it. */
export interface Row {
  readonly dockerfile?: string;
  /** The command that builds it; buildctl's plain one, where only flags are given. */
  readonly command?: string;
  readonly flags?: string;
  readonly config?: string;
  /** Other files of the directory, by path; a path that ends in a slash is a directory. */
  readonly files?: { readonly [path: string]: string };
  readonly buildkit?: string;
  readonly engine?: string;
  readonly mode?: 'rootless' | 'rootful';
  readonly host?: Partial<KnownHost>;
  /** `severity condition file:line`, in any order. */
  readonly finds: readonly string[];
}

export const PLAIN = 'buildctl build --frontend dockerfile.v0 --local context=. --local dockerfile=.';
const UNKNOWN: KnownHost = {
  emulators: null,
  subids: null,
  cdi: null,
  sshAgent: null,
  registry: null,
  frontendTags: null,
};

/** The files of a directory that exists in a table alone. */
export function filesOf(texts: { readonly [path: string]: string }): Files {
  const paths = Object.keys(texts);
  const clean = (path: string): string => path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  return {
    kind(path) {
      const wanted = clean(path);
      if (wanted === '' || wanted === '.') return 'directory';
      if (paths.some((known) => known.startsWith(`${wanted}/`))) return 'directory';
      return paths.some((known) => clean(known) === wanted) ? 'file' : null;
    },
    read: (path) => texts[clean(path)] ?? null,
  };
}

export function judged(row: Row): readonly Finding[] {
  const command = row.command ?? (row.flags === undefined ? null : `${PLAIN} ${row.flags}`);
  const texts = {
    ...(row.dockerfile === undefined ? {} : { Dockerfile: row.dockerfile }),
    ...(command === null ? {} : { 'build.sh': `#!/bin/sh\n${command}\n` }),
    ...(row.config === undefined ? {} : { 'buildkitd.toml': row.config }),
    ...row.files,
  };
  const engine = row.engine ?? null;
  const daemon: Daemon = {
    release:
      row.buildkit === undefined
        ? engine === null
          ? NEWEST
          : (buildkitOfEngine(engine) ?? NEWEST)
        : release(row.buildkit),
    engine,
    mode: row.mode ?? 'rootful',
    config: null,
    host: row.host === undefined ? null : { ...UNKNOWN, ...row.host },
  };
  const named = Object.entries(texts).map(([path, text]) => ({ path, text }));
  return judgeTexts(named, { daemon, files: filesOf(texts), context: null });
}

export const short = ({ severity, condition, file, line }: Finding): string =>
  `${severity} ${condition} ${file}:${line}`;
