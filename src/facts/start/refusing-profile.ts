import type { Position } from '../../model/decide.ts';
import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { parseConfinement } from '../confinement/apparmor.ts';
import { abiOf, type Profile, parseProfiles, rulesIn } from '../confinement/apparmor-profiles.ts';
import { covers, DIRECTORY, localOf, profileFiles } from '../confinement/apparmor-userns.ts';
import { processStatus } from '../machine/process-status.ts';
import { binaries } from '../programs/binaries.ts';
import { namespace } from './namespace.ts';

/** The AppArmor profile that refused rootlesskit what the trial shows as refused. */
export interface RefusingProfile {
  readonly name: string;
  /** The rule that it lacks, or denies. */
  readonly rule: 'userns' | 'mount';
  /** Where it begins; null: in no file of /etc/apparmor.d. */
  readonly at: Position | null;
  /** A file that it includes for rules of this site. */
  readonly local: string | null;
  /** The program that it is for; null: this session runs under it, and rootlesskit with it. */
  readonly binary: string | null;
}

/** Null where the trial was not refused as AppArmor refuses (EACCES), or no profile in force explains it. */
export const refusingProfile: Fact<RefusingProfile | null> = {
  id: 'refusing-profile',
  async read(look) {
    const answer = await look.get(namespace).catch(asAbsent);
    const launch = answer?.launch;
    if (launch === undefined || launch.ok || launch.errno !== 'EACCES') return null;
    const { host } = look;
    const enabled = await host.read('/sys/module/apparmor/parameters/enabled', 'self').catch(asAbsent);
    if (enabled?.text.trim() !== 'Y') return null;
    const mediated = await host.read('/sys/kernel/security/apparmor/features/namespaces/mask', 'self').catch(asAbsent);
    const rule =
      launch.stage === 'clone' && mediated?.text.includes('userns_create') === true
        ? 'userns'
        : /mount/.test(launch.message)
          ? 'mount'
          : null;
    if (rule === null) return null;
    const { label } = await look.get(processStatus);
    const around = parseConfinement(label);
    if (around.profile !== null && around.mode !== 'unconfined')
      return around.mode === 'complain' ? null : await named(look, around.profile, rule);
    const { rootlesskit } = await look.get(binaries);
    return rootlesskit?.realpath == null ? null : await attached(look, rootlesskit.realpath, rule);
  },
};

type Rule = RefusingProfile['rule'];

/** The profile around this session; where no file has it, its rules are not known, and what was refused tells. */
async function named(look: Look, name: string, rule: Rule): Promise<RefusingProfile | null> {
  for (const { path, text } of await profileFiles(look)) {
    const profile = parseProfiles(text).find((one) => one.name === name);
    if (profile !== undefined)
      return (await allows(profile, rule, look.host)) ? null : found(profile, path, rule, null);
  }
  return { name, rule, at: null, local: null, binary: null };
}

/** The profile that the kernel puts on rootlesskit when it is started. */
async function attached(look: Look, binary: string, rule: Rule): Promise<RefusingProfile | null> {
  const { host } = look;
  const inForce = await modes(look);
  for (const { path, text } of await profileFiles(look)) {
    const file = path.slice(DIRECTORY.length + 1);
    // Before AppArmor 4 there was no such rule: what is written for that is not held to it.
    if (rule === 'userns' && Number.parseFloat(abiOf(text) ?? '4') < 4) continue;
    for (const profile of parseProfiles(text)) {
      if (!covers(profile, binary) || !confines(profile) || !inForce(file, profile.name)) continue;
      if (!(await allows(profile, rule, host))) return found(profile, path, rule, binary);
    }
  }
  return null;
}

const confines = ({ flags }: Profile): boolean =>
  !flags.some((flag) => flag === 'unconfined' || flag === 'complain' || flag === 'default_allow');

/** Is a profile of this file in force? By the kernel's own list, which only root is shown, and by the links of aa-disable and aa-complain. */
async function modes({ host }: Look): Promise<(file: string, name: string) => boolean> {
  const [disabled, complaining, loaded] = await Promise.all([
    host.list(`${DIRECTORY}/disable`, 'self').catch(asAbsent),
    host.list(`${DIRECTORY}/force-complain`, 'self').catch(asAbsent),
    host.read('/sys/kernel/security/apparmor/profiles', 'self').catch(asAbsent),
  ]);
  const live = loaded?.text.split('\n').map(parseConfinement);
  return (file, name) =>
    live === undefined
      ? disabled?.includes(file) !== true && complaining?.includes(file) !== true
      : live.some(({ profile, mode }) => profile === name && mode !== 'complain' && mode !== 'unconfined');
}

const MOST_INCLUDED = 50;

/** Does it have the rule, itself or in what it includes? */
async function allows(profile: Profile, rule: Rule, host: Look['host']): Promise<boolean> {
  const has = (rules: Pick<Profile, 'allowsUserns' | 'allowsMount'>): boolean =>
    rule === 'userns' ? rules.allowsUserns : rules.allowsMount;
  if (has(profile)) return true;
  const open = [...profile.includes];
  const seen = new Set<string>();
  for (let next = open.pop(); next !== undefined && seen.size < MOST_INCLUDED; next = open.pop()) {
    const path = `${DIRECTORY}/${next}`;
    if (seen.has(path)) continue;
    seen.add(path);
    const file = await host.read(path, 'self', 256 * 1024).catch(asAbsent);
    if (file === null) {
      const inside = next;
      open.push(...((await host.list(path, 'self').catch(asAbsent)) ?? []).map((name) => `${inside}/${name}`));
      continue;
    }
    const rules = rulesIn(file.text.replace(/(^|\s)#(?!include)[^\n]*/g, '$1'));
    if (has(rules)) return true;
    open.push(...rules.includes);
  }
  return false;
}

function found(profile: Profile, path: string, rule: Rule, binary: string | null): RefusingProfile {
  const { name, line } = profile;
  return { name, rule, at: { path, line, column: 1 }, local: localOf(profile), binary };
}
