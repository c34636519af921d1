import { type Flags, parseBuildkitdArgs } from '../../buildkit/flags.ts';
import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import type { Rights } from '../../rights/rights.ts';
import { keepsLinks } from '../../rights/trust.ts';
import { unitWords } from '../../text/unit-words.ts';
import { writableComponent } from '../programs/writable-component.ts';
import { reach } from '../start/reach.ts';
import { identity } from '../target/identity.ts';
import { readUnit, type Unit } from '../target/read-unit.ts';
import { readingBudget } from '../target/reading-budget.ts';
import { unit } from '../target/unit.ts';

/** Where root may change something for the target: the same rule for the plan and for what carries it out. */
export const rights: Fact<Rights> = {
  id: 'rights',
  async read(look) {
    const [{ target }, home, named] = await Promise.all([look.get(identity), ownHome(look), look.get(rootsWord)]);
    return { uid: target.uid, home, named };
  },
};

/** Places that root itself named, on its command line or in a unit below /etc. */
export const rootsWord: Fact<readonly string[]> = {
  id: 'roots-word',
  async read(look) {
    const [{ self }, service] = await Promise.all([look.get(identity), look.get(unit)]);
    const roots = service === null ? null : await asRootWroteIt(look, service);
    return [
      ...(self.uid === 0 ? onCommandLine(look.request) : []),
      ...(roots === null ? [] : placesIn(roots.buildkitd.flags, roots.assigned)),
    ];
  },
};

function onCommandLine({ root, config, addresses, env, daemonless }: Look['request']): readonly string[] {
  const { flags } = parseBuildkitdArgs(daemonless === true ? unitWords(env.BUILDKITD_FLAGS ?? '').words : []);
  return [...[root, config].filter((path) => path !== null), ...socketsOf(addresses ?? []), ...placesIn(flags, env)];
}

/** What these words of root's make buildkitd's own: its state, its sockets, its configuration. */
function placesIn(flags: Flags, env: { readonly [name: string]: string }): readonly string[] {
  const first = (name: string): string | null => env[name]?.split(':')[0] || null;
  const [runtime, data, home] = [first('XDG_RUNTIME_DIR'), first('XDG_DATA_HOME'), first('HOME')];
  return [
    ...(flags.root?.slice(-1) ?? []),
    ...(flags.config?.slice(-1) ?? []),
    ...socketsOf(flags.addr ?? []),
    ...(runtime === null ? [] : [runtime, `${runtime}/buildkit`]),
    ...(data === null ? [] : [`${data}/buildkit`]),
    ...(home === null ? [] : [`${home}/.local/share/buildkit`]),
  ];
}

const socketsOf = (addresses: readonly string[]): readonly string[] =>
  addresses.flatMap((address) => /^unix:\/\/(\/.+)$/.exec(address)?.[1] ?? []);

/** A unit below /etc, read by ourselves, if nobody but root can write any of it; null for any other. */
async function asRootWroteIt(look: Look, { source }: Unit): Promise<Unit | null> {
  if (!source.fragment.startsWith('/etc/')) return null;
  const own = await readUnit(look, readingBudget(look.host, 'the unit', 'self'), source).catch(asAbsent);
  for (const file of own?.files ?? []) if ((await writableComponent(look, file)) !== null) return null;
  return own;
}

/** Null where somebody else could have laid a link on the way to it: the apply room does not follow such a one either. */
async function ownHome(look: Look): Promise<string | null> {
  const { target } = await look.get(identity);
  if (!target.home?.startsWith('/')) return null;
  const found = await reach(look, target.home).catch(asAbsent);
  const last = found?.passed.at(-1);
  if (found == null || last?.path !== found.path || last.stat.uid !== target.uid) return null;
  for (const [index, { path }] of found.passed.entries()) {
    const above = found.passed[index - 1]?.stat;
    const own = await look.host.lstat(path, 'target').catch(asAbsent);
    if (own?.kind === 'symlink' && above !== undefined && !keepsLinks(above, 0)) return null;
  }
  return target.home;
}
