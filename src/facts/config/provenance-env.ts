import { valueAt } from '../../buildkit/config/read.ts';
import { ANY_RELEASE, type Release, surelyBefore, surelySince } from '../../buildkit/version.ts';
import type { Fact, FileKind, UnseenReason } from '../../model/look.ts';
import { reasonOf, tooMuch, Unanswered, Unseen, unlessTooMuch } from '../../model/unseen.ts';
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
    const { host } = look;
    const config = await look.get(configFile);
    const written = valueAt(config.content.document, ['provenanceEnvDir']);
    const path = typeof written === 'string' && written !== '' ? written : '/etc/buildkit/provenance.d';
    if (!path.startsWith('/')) return null;
    const version = await look.get(buildkitdVersion).catch(() => ANY_RELEASE);
    if (surelyBefore(version, SINCE)) return null;
    const surely = surelySince(version, SINCE);
    const refused = (obstacle: ProvenanceObstacle): ProvenanceEnv => ({ path, bad: [], obstacle, surely });
    try {
      const stat = await host.stat(path, 'target');
      if (stat === null) return null;
      if (stat.kind !== 'directory') return refused({ kind: 'no-directory', is: stat.kind });
      if (!(await host.access(path, 'r', 'target'))) return refused({ kind: 'denied' });
      const names = ((await host.list(path, 'target')) ?? []).filter((name) => name.endsWith('.json'));
      if (names.length > MOST) throw tooMuch(`${path} has more than ${MOST} files`);
      const bad: { name: string; reading: UnseenReason | null }[] = [];
      for (const name of names) {
        try {
          const inner = await host.stat(`${path}/${name}`, 'target');
          if (inner?.kind === 'directory') continue;
          const file = await host.read(`${path}/${name}`, 'target', undefined, 'json');
          if (file !== null) checkObject(file.text);
        } catch (error) {
          if (error instanceof Unanswered) throw error;
          unlessTooMuch(error);
          bad.push({ name, reading: error instanceof Unseen ? reasonOf(error) : null });
        }
      }
      return { path, bad, obstacle: null, surely };
    } catch (error) {
      if (!(error instanceof Unseen) || error instanceof Unanswered) throw error;
      unlessTooMuch(error);
      return refused({ kind: 'unseen', reason: reasonOf(error) });
    }
  },
};

function checkObject(text: string): void {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || Array.isArray(value)) throw new SyntaxError('no object');
}
