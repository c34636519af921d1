import { type AppArmorUserns, profileNameOf } from '../../facts/confinement/apparmor-userns.ts';
import type { Step, Treatment } from '../../model/plan.ts';

/** Loads a profile that would do, or writes one of our own for rootlesskit; null: neither can be done here. */
export function giveProfile(
  index: number,
  { binary, covering, own, abi, parser, writable }: AppArmorUserns,
): Treatment | null {
  if (parser === null || binary === null) return null;
  const loadStep = (path: string, undo: readonly string[] | null): Step => ({
    as: 'root',
    do: 'run',
    argv: [parser, '-r', '-W', path],
    undo,
    why: `Load the profile for ${binary} into the kernel`,
  });
  const ready = covering.find(({ allowsUserns, disabled }) => allowsUserns && !disabled);
  if (ready !== undefined) return { for: [index], risk: 'safe', steps: [loadStep(ready.path, null)] };
  const attachment = attachmentOf(binary);
  if (own === null || !abi || attachment === null) return null;
  const steps: readonly Step[] = [
    {
      as: 'root',
      do: 'edit',
      path: own.path,
      expects: own.digest,
      edit: { edit: 'whole', text: profileText(profileNameOf(binary), attachment) },
      mode: 0o644,
      owner: { uid: 0, gid: 0 },
    },
    loadStep(own.path, [parser, '-R', own.path]),
  ];
  if (writable === null) return { for: [index], risk: 'safe', steps };
  return {
    for: [index],
    risk: 'risky',
    consequence: `${writable} can be changed by another account than root, so whoever can write it can put any program at ${binary} and let it create user namespaces.`,
    steps,
  };
}

/** Quoted, with every character that means something in a pattern taken literally (apparmor.d(5)); null: it cannot be written so. */
function attachmentOf(binary: string): string | null {
  // Variables are expanded before escapes are looked at, and control characters end a line.
  if (/[\u0000-\u001f\u007f]|@\{/.test(binary)) return null;
  if (/^[\w./+-]+$/.test(binary)) return binary;
  return `"${binary.replace(/[\\"*?[\]{}^]/g, '\\$&')}"`;
}

function profileText(name: string, attachment: string): string {
  return `# Written by bk-doctor: lets rootlesskit create user namespaces; it is not confined otherwise.
abi <abi/4.0>,
include <tunables/global>

profile ${/^[\w.+-]+$/.test(name) ? name : `"${name}"`} ${attachment} flags=(unconfined) {
  userns,

  include if exists <local/${name}>
}
`;
}
