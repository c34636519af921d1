import { valueAt } from '../../buildkit/config/read.ts';
import { ANY_RELEASE, type Release, surelyBefore, surelySince } from '../../buildkit/version.ts';
import type { Fact } from '../../model/look.ts';
import { reasonOf, tooMuch, Unanswered, Unseen, unlessTooMuch } from '../../model/unseen.ts';
import { buildkitdVersion } from '../programs/buildkitd-version.ts';
import { configFile } from './config-file.ts';

/** The directory whose *.json files buildkitd reads at its start, since v0.25.0. */
export interface ProvenanceEnv {
  readonly path: string;
  /** Files that are no JSON object, with why. */
  readonly bad: readonly { readonly name: string; readonly why: string }[];
  /** Set when the directory is there and may not be listed. */
  readonly refused: string | null;
  /** Every buildkitd that may be at hand reads it. */
  readonly surely: boolean;
}

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
    try {
      const stat = await host.stat(path, 'target');
      if (stat === null) return null;
      if (stat.kind !== 'directory') return { path, bad: [], refused: `it is a ${stat.kind}`, surely };
      if (!(await host.access(path, 'r', 'target'))) return { path, bad: [], refused: 'permission denied', surely };
      const names = ((await host.list(path, 'target')) ?? []).filter((name) => name.endsWith('.json'));
      if (names.length > MOST) throw tooMuch(`${path} has more than ${MOST} files`);
      const bad: { name: string; why: string }[] = [];
      for (const name of names) {
        try {
          const inner = await host.stat(`${path}/${name}`, 'target');
          if (inner?.kind === 'directory') continue;
          const file = await host.read(`${path}/${name}`, 'target', undefined, 'json');
          if (file !== null) checkObject(file.text);
        } catch (error) {
          if (error instanceof Unanswered) throw error;
          unlessTooMuch(error);
          bad.push({ name, why: error instanceof Unseen ? reasonOf(error).why : 'it is no JSON object' });
        }
      }
      return { path, bad, refused: null, surely };
    } catch (error) {
      if (!(error instanceof Unseen) || error instanceof Unanswered) throw error;
      unlessTooMuch(error);
      return { path, bad: [], refused: reasonOf(error).why, surely };
    }
  },
};

function checkObject(text: string): void {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || Array.isArray(value)) throw new SyntaxError('no object');
}
