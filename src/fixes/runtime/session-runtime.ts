import type { SessionEvidence } from '../../checks/runtime/session-case.ts';
import { rights } from '../../facts/rights/rights.ts';
import { session } from '../../facts/start/session.ts';
import { identity } from '../../facts/target/identity.ts';
import type { FactsOf, Severity } from '../../model/decide.ts';
import type { Step } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { mayOwn } from '../../rights/rights.ts';
import { tell } from '../advice.ts';

export const sessionNeeds = { identity, session, rights: optional(rights) };
export type SessionFacts = FactsOf<typeof sessionNeeds>;

/** XDG_RUNTIME_DIR names no directory that buildkitd and runc can use. */
export function nameRuntime(facts: SessionFacts): readonly Step[] {
  const { path } = facts.session.runUser;
  const set = tell(
    `export XDG_RUNTIME_DIR=${path} (in the shell, or Environment=XDG_RUNTIME_DIR=${path} in the unit that starts buildkitd)`,
  );
  return isReady(facts) ? [set] : [...makeRunUser(facts), set];
}

/** The directory that it names is not there. */
export function makeRuntime(
  { path }: SessionEvidence,
  severity: Severity,
  facts: SessionFacts,
): readonly Step[] | null {
  if (severity === 'info') return null;
  const { runtime, userUnit } = facts.session;
  // Nobody asked for a daemon that outlives the session.
  if (runtime.madeAtLogin && !userUnit)
    return [
      tell(
        `Log in as ${facts.identity.target.name ?? 'the user'} (su and sudo are no logins). For a buildkitd that also runs without a login, as root: loginctl enable-linger ${facts.identity.target.name ?? 'NAME'}`,
      ),
    ];
  const runUser = facts.session.runUser.path;
  if (path === runUser) return makeRunUser(facts);
  return [
    tell(
      `export XDG_RUNTIME_DIR=${runUser}, or as an administrator make ${path ?? 'that directory'} and give it to the user`,
    ),
  ];
}

/** It belongs to somebody else. */
export function ownRuntime(
  { path, owner, mode }: SessionEvidence,
  severity: Severity,
  facts: SessionFacts,
): readonly Step[] {
  const { uid, gid } = facts.identity.target;
  const rootMay = path !== null && facts.rights.value !== undefined && mayOwn(path, facts.rights.value);
  if (severity !== 'error' || owner === null || !rootMay) return elsewhere(facts);
  return [
    { do: 'owner', as: 'root', path, from: owner, to: { uid, gid } },
    ...(mode !== null && mode !== 0o700 ? [{ do: 'mode', as: 'root', path, from: mode, to: 0o700 } as const] : []),
  ];
}

/** It is the account's, and closed to itself or open to others. */
export function setRuntimeMode(
  { kind, path, owner, mode }: SessionEvidence,
  facts: SessionFacts,
): readonly Step[] | null {
  if (path === null || mode === null) return null;
  if (owner?.uid !== facts.identity.target.uid) return elsewhere(facts);
  return [{ do: 'mode', as: 'target', path, from: mode, to: kind === 'mode' ? mode | 0o700 : 0o700 }];
}

/** Another directory is the better one: /run/user/UID. */
export function elsewhere(facts: SessionFacts): readonly Step[] {
  const { uid, gid } = facts.identity.target;
  const { path } = facts.session.runUser;
  return [
    tell(
      isReady(facts)
        ? `export XDG_RUNTIME_DIR=${path}`
        : `export XDG_RUNTIME_DIR=${path} after making it as root: install -d -m 0700 -o ${uid} -g ${gid} ${path}`,
    ),
  ];
}

/** What stands at /run/user/UID, or above it. */
const standing = ({ session: { runUser } }: SessionFacts, path: string) =>
  runUser.reach.passed.find((one) => one.path === path);

const isReady = (facts: SessionFacts): boolean =>
  standing(facts, facts.session.runUser.path)?.stat.uid === facts.identity.target.uid;

/** systemd makes /run/user/UID for a lingering user; without systemd it is made by hand, and lost at a reboot. */
function makeRunUser(facts: SessionFacts): readonly Step[] {
  const { systemd, loginctl, linger, runUser } = facts.session;
  const { uid, gid, name } = facts.identity.target;
  const { path } = runUser;
  if (standing(facts, path) !== undefined)
    return [tell(`Give ${path} to its user as root: chown ${uid}:${gid} ${path} && chmod 0700 ${path}`)];
  if (systemd && loginctl !== null && name !== null)
    return [
      linger === true
        ? {
            do: 'run',
            as: 'root',
            argv: [loginctl.replace(/loginctl$/, 'systemctl'), 'start', `user@${uid}.service`],
            undo: null,
            why: `Start the systemd of ${name}, which makes ${path}`,
          }
        : enableLinger(loginctl, name, `Make ${path} now and at every boot, also without a login`),
    ];
  const parent: Step = {
    do: 'run',
    as: 'root',
    argv: ['/bin/mkdir', '-m', '0755', '/run/user'],
    undo: ['/bin/rmdir', '/run/user'],
    why: `Make /run/user, in which ${path} stands`,
  };
  return [
    ...(standing(facts, '/run/user') === undefined ? [parent] : []),
    { do: 'directory', as: 'root', path, mode: 0o700, owner: { uid, gid } },
    tell(
      `${path} is gone after a reboot: let a boot script make it again (install -d -m 0700 -o ${uid} -g ${gid} ${path})`,
    ),
  ];
}

export const enableLinger = (loginctl: string, name: string, why: string): Step => ({
  do: 'run',
  as: 'root',
  argv: [loginctl, 'enable-linger', name],
  undo: [loginctl, 'disable-linger', name],
  why,
});
