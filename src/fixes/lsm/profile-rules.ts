import type { RefusingProfile } from '../../facts/start/refusing-profile.ts';
import { quoted } from '../quoted.ts';

/** How the rule that a profile lacks is added to it: where it has a place for such rules, there. */
export function rulesFor({ name, rule, at, local }: RefusingProfile): string {
  const lines = rule === 'userns' ? ['userns,'] : ['mount,', 'umount,', 'pivot_root,'];
  const what = lines.map((line) => `"${line}"`).join(' and ');
  if (at === null)
    return `Add ${what} to the profile ${name} where it is defined, and load that file anew:\nsudo apparmor_parser -r FILE`;
  const add =
    local === null
      ? `sudo sed -i ${lines.map((line) => `-e ${quoted(`${at.line}a\\  ${line}`)}`).join(' ')} ${quoted(at.path)}`
      : `printf '%s\\n' ${lines.map(quoted).join(' ')} | sudo tee -a ${quoted(local)}`;
  return `Add ${what} to the profile ${name}, and load it anew:\n${add}\nsudo apparmor_parser -r ${quoted(at.path)}`;
}
