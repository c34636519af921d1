import { type Bracket, bracketFromComplaint, bracketFromHelp, parseRelease } from '../../buildkit/version.ts';
import type { Fact, Look, Ran } from '../../model/look.ts';
import { environment } from '../target/environment.ts';
import { binaries } from './binaries.ts';

/** PATH with the directory of the buildkitd that would be started before it; null: there is none that could be. */
async function searchPath(look: Look): Promise<string | null> {
  const [{ values }, found] = await Promise.all([look.get(environment), look.get(binaries)]);
  // Without a buildkitd that runs, the environment's PATH would only find the same nothing.
  if (found.buildkitd !== null && !found.buildkitd.executable) return null;
  const directory = found.buildkitd?.path.replace(/\/[^/]*$/, '');
  return directory === undefined ? (values.PATH ?? '') : `${directory}:${values.PATH ?? ''}`;
}

/** What buildkitd says to --version; null: there is none. */
export const buildkitdAnswer: Fact<Ran | null> = {
  id: 'buildkitd-answer',
  async read(look) {
    const path = await searchPath(look);
    return path === null ? null : look.host.run('buildkitd', ['--version'], 'target', path);
  },
};

/** Which release the target's buildkitd is, as far as it tells: exact by --version, else bracketed by the flags in --help. */
export const buildkitdVersion: Fact<Bracket> = {
  id: 'buildkitd-version',
  async read(look) {
    const path = await searchPath(look);
    const ran = await look.get(buildkitdAnswer);
    if (ran === null || path === null) return { min: null, max: null, text: null };
    const text = ran.stdout.trim().split('\n')[0] ?? '';
    const exact = parseRelease(text.replace(/^buildkitd\s+\S+/, ''));
    if (ran.code === 0 && exact !== null) return { min: exact, max: exact, text };
    const help = await look.host.run('buildkitd', ['--help'], 'target', path);
    const bracket = help === null ? null : bracketFromHelp(help.stdout);
    return { ...(bracket ?? bracketFromComplaint(ran.stderr)), text: text || ran.stderr.trim().split('\n')[0] || '' };
  },
};
