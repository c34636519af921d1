import type { ConfigText } from '../../facts/config/config-file.ts';
import type { Identity } from '../../model/look.ts';
import type { Step } from '../../model/plan.ts';
import { isNamed, mayOwn, type Rights } from '../../rights/rights.ts';
import { tell } from '../advice.ts';

/** Lets the target read its configuration, and nobody else more than before; null where root must not. */
export function accessSteps(
  { path, stat }: ConfigText,
  { target, mode: runs }: Identity,
  rights: Rights,
): readonly Step[] | null {
  // Only what can be nothing but a configuration of root's: a mistyped --config must not open /etc/shadow.
  const isRoots = runs === 'rootless' && stat?.uid === 0 && stat.gid === 0 && path.endsWith('.toml');
  if (!isRoots || !mayOwn(path, rights)) return null;
  const { uid, gid, mode } = stat;
  const from = { uid, gid };
  const withMode = (to: number): readonly Step[] =>
    to === mode ? [] : [{ do: 'mode', as: 'root', path, from: mode, to }];
  if (isNamed(path, rights.named)) {
    const to = { uid, gid: target.gid };
    const owner: readonly Step[] = gid === target.gid ? [] : [{ do: 'owner', as: 'root', path, from, to }];
    return [...owner, ...withMode(mode | 0o040)];
  }
  return [
    { do: 'owner', as: 'root', path, from, to: { uid: target.uid, gid: target.gid } },
    ...withMode(mode | 0o600),
    tell(`${path} belonged to root, and is read by the account that runs buildkitd.`),
  ];
}
