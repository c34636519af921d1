// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of a Dockerfile
import type { Frontend, Since } from '../../buildkit/dockerfile/frontend.ts';
import { knows } from '../../buildkit/dockerfile/frontend.ts';
import type { Instruction } from '../../buildkit/dockerfile/read.ts';
import type { Finding } from '../model/finding.ts';
import { isPlatform, isReference } from '../model/names.ts';
import type { Known, Stage } from './stages.ts';
import { flagsOrNone, tooOld } from './versions.ts';
import { finding, type Walk } from './walk.ts';

type Expand = (text: string) => Known;

/** Which words of an instruction have their variables put in where it is built. */
function expandedWords(instruction: Instruction): readonly string[] {
  const { args } = instruction;
  switch (instruction.command.toUpperCase()) {
    case 'ADD':
    case 'COPY':
      return [
        ...args.filter((word) => !/^\d*<</.test(word)),
        ...(flagsOrNone(instruction).get('chown') ?? []),
        ...instruction.heredocs.filter(({ expand }) => expand).map(({ content }) => unquoted(content)),
      ];
    case 'WORKDIR':
    case 'EXPOSE':
    case 'VOLUME':
    case 'USER':
    case 'STOPSIGNAL':
    case 'FROM':
      return args;
    case 'ENV':
    case 'LABEL':
      return args.filter((_, index) => index % 3 !== 2);
    case 'ARG':
      return args.flatMap((arg) => (arg.includes('=') ? [arg.slice(arg.indexOf('=') + 1)] : []));
    default:
      return [];
  }
}

/** Quotes in a here-document are quotes only for the shell that reads it. */
const unquoted = (content: string): string => content.replace(/["']/g, '');

const NEWER: readonly (readonly [form: RegExp, since: Since, shown: string])[] = [
  [/\$\{\w+:?[#%]/, { stable: 7 }, 'A substitution such as ${x#y} or ${x%y}'],
  [/\$\{\w+\//, { stable: 7 }, 'A substitution such as ${x/a/b}'],
  [/\$\{\w+[-+?]/, { stable: 11 }, 'A substitution without a colon, such as ${x-y},'],
];

/** Words whose variables cannot be put in: by any frontend, or by this one. */
export function wordFindings(at: Walk, instruction: Instruction, expand: Expand): readonly Finding[] {
  const { frontend } = at.scene.choice;
  if (frontend === null) return [];
  for (const word of expandedWords(instruction)) {
    if (!/[$'"]/.test(word)) continue;
    const { bad, perhapsBad } = expand(word);
    if (bad !== undefined) return [refusedWord(at, instruction, word, bad)];
    if (perhapsBad !== undefined) return [perhapsRefused(at, instruction, word, perhapsBad)];
    const old = NEWER.find(([form, since]) => form.test(word) && !knows(frontend, since));
    if (old !== undefined && !/\\\$\{/.test(word)) return [tooOld(at.scene, instruction, old[2], old[1])];
  }
  return [];
}

function refusedWord(at: Walk, instruction: Instruction, word: string, why: string): Finding {
  const required = /^(\w+): /.exec(why)?.[1];
  if (required !== undefined)
    return finding(
      at,
      instruction,
      'build.arg-missing',
      'error',
      `${word} requires a value for ${required}, and nothing gives one: the build ends with "${why}".`,
      [`Give ${required} as a build argument, or give its ARG a default.`],
      {
        flag: at.request?.client === 'buildctl' ? `--opt build-arg:${required}=VALUE` : `--build-arg ${required}=VALUE`,
      },
    );
  return finding(
    at,
    instruction,
    'dockerfile.parse-error',
    'error',
    `${instruction.command.toUpperCase()} cannot be read: the build ends with 'failed to process "${word}": ${why}'.`,
    ['Mend the quotes or the substitution; what only a shell knows belongs into RUN.'],
  );
}

/** A value that is required, and that only the base image could give. */
function perhapsRefused(at: Walk, instruction: Instruction, word: string, why: string): Finding {
  const [name = ''] = why.split(':', 1);
  return finding(
    at,
    instruction,
    'build.arg-missing',
    'warning',
    `${word} requires a value for ${name}, which this stage does not declare: unless the base image gives it one, the build ends with "${why}".`,
    [`Declare ARG ${name} in this stage, in front of this line, with a default or a build argument.`],
  );
}

/** Values that no release takes where the instruction is built. */
export function valueFindings(
  at: Walk,
  instruction: Instruction,
  frontend: Frontend,
  expand: Expand,
): readonly Finding[] {
  const refused = (condition: 'dockerfile.parse-error' | 'dockerfile.invalid-option', why: string, remedy: string) => [
    finding(at, instruction, condition, 'error', `${why}.`, [remedy]),
  ];
  switch (instruction.command.toUpperCase()) {
    case 'EXPOSE': {
      const bad = instruction.args.find((word) => {
        const { text, known } = expand(word);
        return known && text !== '' && !text.includes(' ') && !isPort(text);
      });
      return bad === undefined
        ? []
        : refused(
            'dockerfile.parse-error',
            `EXPOSE ${bad} names no port, which ends the build`,
            'Write a port such as 8080/tcp.',
          );
    }
    case 'STOPSIGNAL': {
      const { text, known } = expand(instruction.args[0] ?? '');
      return !known || isSignal(text)
        ? []
        : refused(
            'dockerfile.parse-error',
            `The build ends with "invalid signal: ${text}"`,
            'Write a signal such as SIGTERM.',
          );
    }
    case 'ADD': {
      const sum = flagsOrNone(instruction).get('checksum')?.[0];
      if (sum === undefined) return [];
      const { text, known } = expand(sum);
      const algorithm = /^([a-z0-9]+):/.exec(text)?.[1] ?? '';
      const length = DIGESTS[algorithm];
      const whole = length !== undefined && new RegExp(`^[a-z0-9]+:[0-9a-f]{${length}}$`).test(text);
      // A commit of a git repository has no algorithm in front of it.
      if (!known || whole || (frontend.minor >= 16 && /^[0-9a-f]{7,64}$/.test(text))) return [];
      return refused(
        'dockerfile.invalid-option',
        `--checksum=${text} is no digest, which ends the build`,
        'Write --checksum=sha256: with the 64 digits of the digest.',
      );
    }
    default:
      return [];
  }
}

const DIGESTS: { readonly [algorithm: string]: number } = { sha256: 64, sha384: 96, sha512: 128 };

function isPort(text: string): boolean {
  const [, first = '', last = first] = /^(?:[^/]*:)?(\d+)(?:-(\d+))?(?:\/(?:tcp|udp|sctp)?)?$/i.exec(text) ?? [];
  return first !== '' && Number(first) <= 65535 && Number(last) <= 65535 && Number(first) <= Number(last);
}

const SIGNALS = new Set(
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'.split(
    ' ',
  ),
);

function isSignal(text: string): boolean {
  if (/^\d+$/.test(text)) return Number(text) > 0;
  const name = text.toUpperCase().replace(/^SIG/, '');
  return SIGNALS.has(name) || /^RTM(?:IN(?:\+(?:[0-9]|1[0-5]))?|AX(?:-(?:[0-9]|1[0-4]))?)$/.test(name);
}

/** What is wrong with a FROM, also of a stage that is not built. */
export function fromFindings(at: Walk, { from, base, parent, platform }: Stage): readonly Finding[] {
  const refused = (message: string, remedy: string): readonly Finding[] => [
    finding(at, from, 'dockerfile.parse-error', 'error', message, [remedy]),
  ];
  if (base.bad !== undefined) return [refusedWord(at, from, from.args[0] ?? '', base.bad)];
  if (base.known && parent === null) {
    const { text } = base;
    const written = from.args[0] ?? '';
    if (text === '')
      return [
        finding(
          at,
          from,
          'build.arg-missing',
          'error',
          `Nothing gives ${written} of FROM a value: the build ends with "base name (${written}) should not be blank".`,
          ['Give its variable a default with ARG in front of the first FROM, or as a build argument.'],
        ),
      ];
    if (!isReference(text) && at.request?.options.has(`context:${text}`) !== true)
      return refused(
        `FROM ${text} names no image: the build ends with "invalid reference format".`,
        written.includes('$')
          ? 'Give its variables a value: ARG counts for FROM only in front of the first FROM.'
          : 'Write the name of the image in small letters, as NAME:TAG.',
      );
  }
  if (platform?.known !== true) return [];
  if (platform.text === '')
    return refused(
      'The platform of FROM is empty: the build ends with "empty platform value".',
      'Give the variable of --platform a default with ARG in front of the first FROM.',
    );
  return isPlatform(platform.text)
    ? []
    : refused(
        `FROM --platform=${platform.text} is refused: the build ends with "failed to parse platform".`,
        'Write a platform such as linux/amd64.',
      );
}
