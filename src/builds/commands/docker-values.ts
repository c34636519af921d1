import { isReference } from '../model/names.ts';
import type { FlagTrouble, Word } from '../model/request.ts';
import type { GivenFlag, ReadFlags } from './flag-reader.ts';

const BOOLEAN = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;
const PROGRESS = ['', 'auto', 'none', 'plain', 'quiet', 'rawjson', 'tty'];
const ADDRESS = /^\[?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]?$/;

/** Why buildx refuses the value of a flag; null where nothing is known against it. */
function refusedValue({ name }: GivenFlag, value: string): readonly [why: string, remedy: string] | null {
  switch (name) {
    case 'add-host': {
      const [, host = '', address = ''] = /^([^=:]+)[=:](.+)$/s.exec(value) ?? [];
      const known = address === 'host-gateway' || address.split(',').every((one) => ADDRESS.test(one));
      return host !== '' && known
        ? null
        : [`"invalid host ${value}"`, 'Write --add-host NAME:ADDRESS, with an IP address or host-gateway.'];
    }
    case 'progress':
      return PROGRESS.includes(value) ? null : [`"invalid progress mode ${value}"`, 'Write --progress plain.'];
    case 'sbom':
    case 'provenance':
      return value === '' || BOOLEAN.test(value) || value.includes('=')
        ? null
        : [`"invalid value ${value}"`, `Write --${name}=true, or --${name}=KEY=VALUE.`];
    case 'tag':
      return isReference(value)
        ? null
        : [
            `invalid tag "${value}": invalid reference format`,
            'Write the name of the image in small letters, as NAME:TAG.',
          ];
    default:
      return null;
  }
}

/** Values of flags that docker's clients refuse before they build. */
export function valueTroubles({ flags }: ReadFlags, file: string): readonly FlagTrouble[] {
  return flags.flatMap((flag): readonly FlagTrouble[] => {
    const { value, known, written } = flag;
    if (!known || value === null || !value.known) return [];
    const refused = refusedValue(flag, value.value);
    if (refused === null) return [];
    const [why, remedy] = refused;
    return [
      {
        condition: 'build.opt-invalid',
        severity: 'error',
        file,
        line: written.line,
        column: written.column,
        message: `--${flag.name} ${value.value} is refused: the command ends with ${why}.`,
        remedy: [remedy],
      },
    ];
  });
}

/** A command that names no context, or more than one. */
export function contextTroubles(
  { operands, flags, open }: ReadFlags,
  program: Word,
  file: string,
): readonly FlagTrouble[] {
  const [, second] = operands;
  const sure = !open && flags.every(({ name, known }) => known && name !== 'help');
  if (!sure || operands.length === 1 || (second !== undefined && !second.known)) return [];
  const { line, column } = second ?? program;
  return [
    {
      condition: 'build.opt-invalid',
      severity: 'error',
      file,
      line,
      column,
      message:
        second === undefined
          ? 'The command names no build context: it ends with "requires 1 argument".'
          : `The command names more than one build context, ${second.text} too: it ends with "requires 1 argument".`,
      remedy: [
        second === undefined
          ? 'Add the directory of the context, such as a point for this one.'
          : 'Leave one of them out.',
      ],
    },
  ];
}
