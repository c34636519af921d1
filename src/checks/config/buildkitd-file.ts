import { positionIn } from '../../buildkit/config/position.ts';
import { joinKey } from '../../buildkit/config/schema-tree.ts';
import type { ConfigFile, ConfigText } from '../../facts/config/config-file.ts';
import { type BuildkitdCase, type FileEvidence, WHOLE } from './buildkitd-case.ts';
import { conditionOf } from './buildkitd-text.ts';

const ODD: { readonly [kind in NonNullable<ConfigText['odd']>]: string } = {
  directory: 'a directory; buildkitd cannot read it and does not start.',
  fifo: 'a pipe; buildkitd waits for somebody to write into it and does not start.',
  character: 'a device; buildkitd reads it without end and does not start.',
  block: 'a disk; buildkitd would read all of it and does not start.',
  socket: 'a socket; buildkitd cannot open it and does not start.',
};

const evidenceOf = (what: FileEvidence['what'], { stat }: ConfigText, prints: string | null = null): FileEvidence => ({
  ...WHOLE,
  what,
  prints,
  file: stat === null ? null : { kind: stat.kind, owner: { uid: stat.uid, gid: stat.gid }, mode: stat.mode },
});

/** Whether buildkitd can read the file at all. */
export function judgeFile({ config, found }: BuildkitdCase): void {
  const { path, odd, unreadable } = config;
  if (odd !== null)
    found.add('config.unreadable', 'error', path, `${path} is ${ODD[odd]}`, evidenceOf('odd-file', config));
  else if (unreadable !== null)
    found.add(
      'config.unreadable',
      'error',
      path,
      `buildkitd may not read its configuration, and does not start: ${unreadable.why}`,
      evidenceOf('unreadable', config, `failed to load config from ${path}`),
    );
}

/** The default file, which buildkitd reads as well. */
export function judgeDefaultFile(buildkitd: BuildkitdCase): void {
  const { config, found } = buildkitd;
  const { defaultFile: other } = config;
  if (other === null) return;
  const { path, odd } = other;
  const remark = `uildkitd reads ${path} as well, before it looks at --config`;
  if (odd !== null && odd !== 'directory' && odd !== 'socket')
    found.add(
      'config.unreadable',
      'error',
      path,
      `b${remark}, and it is ${ODD[odd]}`,
      evidenceOf('default-odd', other),
    );
  else if (odd !== null || other.unreadable !== null)
    found.add(
      'config.other-file',
      'info',
      path,
      `b${remark}; it cannot be read, and buildkitd only warns of that.`,
      evidenceOf('default-unreadable', other),
    );
  for (const problem of other.content.problems) {
    const { kind, key, versions, prints, stops, fatal, message } = problem;
    if (!stops) continue;
    found.add(
      conditionOf(kind),
      fatal ? 'error' : 'warning',
      `${path}:${key}`,
      `${message} B${remark}.${versions === null ? '' : ` This concerns ${versions}.`}`,
      { what: 'default-broken', key, versions, prints: prints || null },
      positionIn(other, problem),
    );
  }
  for (const key of ['grpc.tls.cert', 'grpc.tls.key', 'grpc.tls.ca', 'grpc.gid'])
    judgeDefaultKey(buildkitd, other, key);
}

/** A key of the default file that becomes the default of a flag. */
function judgeDefaultKey({ config, found }: BuildkitdCase, other: ConfigText, key: string): void {
  const entry = other.content.values.find(({ path }) => joinKey(path) === key);
  if (entry === undefined || entry.value === '') return;
  const own = config.content.values.find(({ path }) => joinKey(path) === key);
  if (own?.value === entry.value) return;
  found.add(
    'config.other-file',
    'warning',
    key,
    `${key} of the default file counts although --config names ${config.path}${own === undefined ? '' : ', and wins over the one there'}: buildkitd takes it for the flag's default.`,
    { ...WHOLE, what: 'default-wins', key },
    positionIn(other, entry),
  );
}

/** Is there nothing at the place where buildkitd reads its configuration? */
export const isAbsent = ({ file, unreadable, odd, unseen }: ConfigFile): boolean =>
  file === null && unreadable === null && odd === null && unseen === null;

/** Files that one might take for the configuration. */
export function judgeElsewhere({ config, identity: { mode }, found }: BuildkitdCase): void {
  const absent = isAbsent(config);
  for (const path of config.elsewhere) {
    const other = path === '/etc/buildkit/buildkitd.toml' ? 'rootful' : 'rootless';
    const isPlace = /\/buildkit\/buildkitd\.toml$/.test(path);
    const what = isPlace ? `it is the place of a ${other} buildkitd` : 'no buildkitd looks there by itself';
    found.add(
      'config.other-file',
      // A second buildkitd in the other mode may well own that file.
      absent && (mode === 'rootful' || !isPlace) ? 'warning' : 'info',
      path,
      `${path} is not read: ${what}. This one reads ${config.path}${absent ? ', which does not exist' : ''}.`,
      { ...WHOLE, what: 'elsewhere' },
    );
  }
}
