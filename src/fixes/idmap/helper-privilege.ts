import { OWN } from '../../checks/idmap/helpers.ts';
import { grants, type IdmapHelper } from '../../facts/start/idmap-helpers.ts';
import type { Engine } from '../../knowledge/engines.ts';
import { type Distribution, familyOf } from '../../knowledge/packages.ts';
import type { Seen } from '../../model/decide.ts';
import type { Step, Treatment } from '../../model/plan.ts';
import { advice } from '../advice.ts';
import { installOn } from '../install.ts';
import { imageWords } from './helper-words.ts';

/** What decides how a helper gets its privilege here. */
interface Around {
  readonly distribution: Seen<Distribution>;
  /** The container's kind. */
  readonly inside: Engine | null;
  readonly suseLevel: string | null;
}

/** Distributions that ship the helpers with file capabilities; the others set the setuid bit. */
const CAPABILITY_FAMILIES = new Set(['fedora', 'el7', 'arch', 'azurelinux', 'photon']);

function shipsCapabilities({ distribution }: Around): boolean {
  const family = distribution.value === undefined ? null : familyOf(distribution.value);
  return CAPABILITY_FAMILIES.has(family ?? '');
}

/** Nobody but root can change it. */
const isSecured = ({ writable, binary }: IdmapHelper): boolean =>
  writable === null && binary !== null && (binary.stat.mode & 0o2000) === 0;

/** The setuid bit or the file capability, as its package has it; told where that is not for bk-doctor to give. */
export function restorePrivilege(index: number, helper: IdmapHelper, around: Around): Treatment {
  const { name, binary, capabilities, writable } = helper;
  const { distribution, inside, suseLevel } = around;
  const { capability } = OWN[name];
  if (distribution.value?.id === 'nixos')
    return advice(
      [index],
      'On NixOS the privileged helpers are /run/wrappers/bin/newuidmap and newgidmap: put /run/wrappers/bin first in PATH.',
    );
  const install = installOn(name, distribution);
  if (binary === null) return advice([index], install.text);
  const { realpath, stat, executable } = binary;
  if (suseLevel !== null && /paranoid/.test(suseLevel))
    return advice(
      [index],
      `This system's permission level is "${suseLevel}": as root, add "${realpath} root:shadow 4755" to /etc/permissions.local and run chkstat --system.`,
    );
  if (inside !== null) return advice([index], imageWords(name, realpath, capability));
  if (!isSecured(helper))
    return advice(
      [index],
      `${writable ?? realpath} can be changed by another account than root, so no privilege is put there: use the ${name} of this system's package (${install.text}).`,
    );
  const previous = capabilities?.text ?? null;
  if (shipsCapabilities(around) && (stat.mode & 0o4000) === 0 && executable)
    return { for: [index], risk: 'safe', steps: [setCapability(realpath, `${capability}=ep`, previous)] };
  const drop = previous === null ? [] : [dropCapability(realpath, previous)];
  return { for: [index], risk: 'safe', steps: [...drop, setMode(realpath, stat.mode, 0o4755)] };
}

/** Where the package gives the capability that is there, the setuid bit beside it goes; null: it does not. */
export function withoutSetuid(index: number, helper: IdmapHelper, around: Around): Treatment | null {
  const { name, binary, capabilities } = helper;
  if (binary === null || around.inside !== null || !isSecured(helper) || !shipsCapabilities(around)) return null;
  if (!grants(capabilities, OWN[name].capability)) return null;
  return { for: [index], risk: 'safe', steps: [setMode(binary.realpath, binary.stat.mode, 0o755)] };
}

const setMode = (path: string, from: number, to: number): Step => ({ as: 'root', do: 'mode', path, from, to });

function dropCapability(path: string, previous: string): Step {
  return {
    as: 'root',
    do: 'run',
    argv: ['setcap', '-r', path],
    undo: ['setcap', previous, path],
    why: `Take off the file capability ${previous}, which stands in the way of the setuid bit`,
  };
}

function setCapability(path: string, set: string, previous: string | null): Step {
  return {
    as: 'root',
    do: 'run',
    argv: ['setcap', set, path],
    undo: previous === null ? ['setcap', '-r', path] : ['setcap', previous, path],
    why: `Give the file the capability that its package gives it (${set})`,
  };
}
