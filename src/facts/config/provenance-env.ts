import { valueAt } from '../../buildkit/config/read.ts';
import { ANY_RELEASE, type Release, surelyBefore, surelySince } from '../../buildkit/version.ts';
import type { Fact, FileKind, Look, UnseenReason } from '../../model/look.ts';
import { seen, tooMuch, unlessRefused } from '../../model/unseen.ts';
import { buildkitdVersion } from '../programs/buildkitd-version.ts';
import { configFile } from './config-file.ts';

/** The directory whose *.json files buildkitd reads at its start, since v0.25.0. */
export interface ProvenanceEnv {
  readonly path: string;
  /** Files that buildkitd does not take; `reading`: what reading them was answered, null where they were read and hold no JSON object. */
  readonly bad: readonly { readonly name: string; readonly reading: UnseenReason | null }[];
  /** Set when the directory is there and may not be listed. */
  readonly obstacle: ProvenanceObstacle | null;
  /** Every buildkitd that may be at hand reads it. */
  readonly surely: boolean;
}

/** Why the directory cannot be listed. */
export type ProvenanceObstacle =
  | { readonly kind: 'no-directory'; readonly is: FileKind }
  | { readonly kind: 'denied' }
  | { readonly kind: 'unseen'; readonly reason: UnseenReason };

const MOST = 100;
const SINCE: Release = [0, 25, 0];

export const provenanceEnv: Fact<ProvenanceEnv | null> = {
  id: 'provenance-env',
  async read(look) {
    const config = await look.get(configFile);
    const written = valueAt(config.content.document, ['provenanceEnvDir']);
    const path = typeof written === 'string' && written !== '' ? written : '/etc/buildkit/provenance.d';
    if (!path.startsWith('/')) return null;
    const version = (await seen(look.get(buildkitdVersion))).value ?? ANY_RELEASE;
    if (surelyBefore(version, SINCE)) return null;
    const surely = surelySince(version, SINCE);
    const refused = (obstacle: ProvenanceObstacle): ProvenanceEnv => ({ path, bad: [], obstacle, surely });
    const { value, unseen } = await unlessRefused(examineDirectory(look, path));
    if (unseen !== undefined) return refused({ kind: 'unseen', reason: unseen });
    if (value === null) return null;
    return Array.isArray(value) ? { path, bad: value, obstacle: null, surely } : refused(value);
  },
};

/** Its files that buildkitd does not take, or why it takes none of them; null: it is not there. */
async function examineDirectory(
  look: Look,
  path: string,
): Promise<ProvenanceEnv['bad'][number][] | ProvenanceObstacle | null> {
  const { host } = look;
  const stat = await host.stat(path, 'target');
  if (stat === null) return null;
  if (stat.kind !== 'directory') return { kind: 'no-directory', is: stat.kind };
  if (!(await host.access(path, 'r', 'target'))) return { kind: 'denied' };
  const names = ((await host.list(path, 'target')) ?? []).filter((name) => name.endsWith('.json'));
  if (names.length > MOST) throw tooMuch(`${path} has more than ${MOST} files`);
  const bad: { name: string; reading: UnseenReason | null }[] = [];
  for (const name of names) {
    const { value: sound, unseen } = await unlessRefused(isObject(look, `${path}/${name}`));
    if (unseen !== undefined || !sound) bad.push({ name, reading: unseen ?? null });
  }
  return bad;
}

/** Does a file hold a JSON object? Directories, and what is gone meanwhile, are passed over. */
async function isObject({ host }: Look, path: string): Promise<boolean> {
  const stat = await host.stat(path, 'target');
  if (stat?.kind === 'directory') return true;
  const file = await host.read(path, 'target', undefined, 'json');
  if (file === null) return true;
  const value = parsed(file.text);
  return typeof value === 'object' && !Array.isArray(value);
}

/** Undefined: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
