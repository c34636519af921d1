import { type Bracket, releaseText, surelyBefore } from '../../buildkit/version.ts';
import { nearest } from '../../text/nearest.ts';
import { joined } from '../model/paths.ts';
import type { Asked, BuildRequest, FlagTrouble, ReadRequest, Word } from '../model/request.ts';
import { BUILDCTL_BUILD, BUILDCTL_GLOBAL, tableOf } from './client-flags.ts';
import { type GivenFlag, goFlags, type ReadFlags } from './flag-reader.ts';
import type { ShellCommand } from './script.ts';

/** What people write for buildctl that docker's clients have, and what says the same here. */
const MEANT: { readonly [flag: string]: string } = {
  t: '--output type=image,name=NAME',
  tag: '--output type=image,name=NAME',
  f: '--local dockerfile=DIRECTORY --opt filename=NAME',
  file: '--local dockerfile=DIRECTORY --opt filename=NAME',
  'build-arg': '--opt build-arg:NAME=VALUE',
  platform: '--opt platform=OS/ARCH',
  target: '--opt target=STAGE',
  network: '--opt force-network-mode=MODE',
  push: '--output type=image,name=NAME,push=true',
  load: '--output type=docker,name=NAME | docker load',
  pull: '--opt image-resolve-mode=pull',
  'cache-from': '--import-cache type=registry,ref=REF',
  'cache-to': '--export-cache type=registry,ref=REF',
  exporter: '--output type=TYPE',
  'exporter-opt': '--output type=TYPE,KEY=VALUE',
  'frontend-opt': '--opt KEY=VALUE',
  'allow-insecure-entitlement': '--allow ENTITLEMENT',
  label: '--opt label:NAME=VALUE',
};

/** The build that a buildctl command asks for; null where it asks for none. */
export function buildctlRequest(
  command: ShellCommand,
  file: string,
  client: Bracket,
  daemonless: boolean,
): ReadRequest | null {
  const [program, ...words] = command.words;
  if (program === undefined) return null;
  const from =
    daemonless && words[0]?.text !== 'build' && words.every(({ text }) => text !== 'build')
      ? -1
      : words.findIndex(({ text }) => text === 'build' || text === 'b');
  if (from < 0 || !onlyGlobals(words.slice(0, from))) return null;
  const drops = surelyBefore(client, [0, 31, 0]);
  // From v0.31 on global flags may stand behind the subcommand too.
  const table = tableOf(drops ? BUILDCTL_BUILD : [...BUILDCTL_GLOBAL, ...BUILDCTL_BUILD], client);
  const read = goFlags(words.slice(from + 1), file, table, drops);
  const request = requestOf(read, command, program, file);
  return {
    request,
    troubles: [
      ...troublesOf(read, program, file),
      ...progressTroubles(read, client, file),
      ...['metadata-file', 'ref-file'].flatMap((flag) => replacedDevices(read, flag, 'buildctl', file)),
    ],
  };
}

function onlyGlobals(words: readonly Word[]): boolean {
  const { operands } = goFlags(words, '', tableOf(BUILDCTL_GLOBAL), false);
  return operands.length === 0;
}

function requestOf(read: ReadFlags, command: ShellCommand, program: Word, file: string): BuildRequest {
  const values = (name: string): readonly Asked[] =>
    read.flags.flatMap((flag) => (flag.known && flag.name === name && flag.value !== null ? [flag.value] : []));
  const locals = named(values('local'));
  const options = named(values('opt'));
  const dockerfile = locals.get('dockerfile');
  const filename = options.get('filename')?.value ?? 'Dockerfile';
  return {
    client: 'buildctl',
    at: { file, line: program.line, column: program.column },
    frontend: values('frontend').at(-1) ?? null,
    options,
    locals,
    secrets: values('secret'),
    ssh: values('ssh'),
    allow: values('allow'),
    outputs: [...values('output'), ...values('o')],
    pushes: null,
    tags: null,
    exportCaches: values('export-cache'),
    importCaches: values('import-cache'),
    context: locals.get('context')?.value ?? null,
    dockerfile: dockerfile === undefined ? null : joined(dockerfile.value, filename),
    open: read.open,
    environment: command.environment,
    builder: null,
  };
}

/** `name=value` options by name; the last one wins. */
export function named(values: readonly Asked[]): ReadonlyMap<string, Asked> {
  const found = new Map<string, Asked>();
  for (const asked of values) {
    const sign = asked.value.indexOf('=');
    found.set(sign < 0 ? asked.value : asked.value.slice(0, sign), {
      ...asked,
      value: sign < 0 ? '' : asked.value.slice(sign + 1),
      ...(sign < 0 ? { bare: true } : {}),
    });
  }
  return found;
}

function troublesOf(read: ReadFlags, program: Word, file: string): readonly FlagTrouble[] {
  const unknown = [
    ...read.flags.filter(({ known }) => !known).map((flag) => unknownFlag(flag, file)),
    ...read.flags.filter(({ lacking }) => lacking === true).map((flag) => lackingValue(flag, file)),
  ];
  const [first] = read.dropped;
  if (first !== undefined) unknown.push(droppedFlags(read.dropped, first, file));
  const frontend = read.flags.some(({ name }) => name === 'frontend');
  if (frontend || read.open || read.dropped.length > 0 || unknown.length > 0) return unknown;
  return [
    {
      condition: 'build.frontend-missing',
      severity: 'error',
      file,
      line: program.line,
      column: program.column,
      message:
        'buildctl build without --frontend reads a build definition in LLB from its standard input, not a Dockerfile.',
      remedy: ['Add --frontend dockerfile.v0.'],
    },
  ];
}

/** A flag at the end of a command whose value is not there. */
export function lackingValue({ written }: GivenFlag, file: string): FlagTrouble {
  return {
    condition: 'build.flag-unknown',
    severity: 'error',
    file,
    line: written.line,
    column: written.column,
    message: `${written.text} stands without a value: the client ends with "flag needs an argument".`,
    remedy: [`Give ${written.text} its value, or leave it out.`],
  };
}

/** What is wrong with flags of a client that has had the same ones in all its releases. */
export function flagTroubles(
  flags: readonly GivenFlag[],
  file: string,
  client: string,
  remedyOf: (flag: GivenFlag, shown: string) => string,
): readonly FlagTrouble[] {
  return flags.flatMap((flag): readonly FlagTrouble[] => {
    if (flag.lacking === true) return [lackingValue(flag, file)];
    if (flag.known) return [];
    const shown = flag.written.text.replace(/=.*$/s, '');
    return [
      {
        condition: 'build.flag-unknown',
        severity: 'error',
        file,
        line: flag.written.line,
        column: flag.written.column,
        message: `${client} has no flag ${shown}: it ends with "unknown flag: ${shown}".`,
        remedy: [remedyOf(flag, shown)],
      },
    ];
  });
}

function unknownFlag({ name, written }: GivenFlag, file: string): FlagTrouble {
  const later = BUILDCTL_BUILD.find(({ flag, since }) => flag === name && since !== undefined)?.since;
  const shown = written.text.replace(/=.*$/s, '');
  if (later !== undefined)
    return {
      condition: 'build.flag-unknown',
      severity: 'error',
      file,
      line: written.line,
      column: written.column,
      message: `buildctl build has the flag ${shown} from ${releaseText(later)} on: an older one ends with "flag provided but not defined".`,
      remedy: [`Use buildctl ${releaseText(later)} or later, or leave out ${shown}.`],
    };
  const meant = MEANT[name] ?? withDashes(nearest(name, Object.keys(tableOf(BUILDCTL_BUILD))));
  return {
    condition: 'build.flag-unknown',
    severity: 'error',
    file,
    line: written.line,
    column: written.column,
    message: `buildctl build has no flag ${shown}: it ends with "flag provided but not defined".`,
    remedy: [meant === null ? `Leave out ${written.text}.` : `Write ${meant} in its place.`],
  };
}

/**
 * A device in place of a file: buildctl, and buildx before v0.22, write beside it and rename, which needs the right to write into
 * /dev; newer ones of buildx refuse it.
 */
export function replacedDevices(
  { flags }: ReadFlags,
  flag: string,
  client: 'buildctl' | 'buildx',
  file: string,
): readonly FlagTrouble[] {
  return flags.flatMap(({ name, known, value, written }): readonly FlagTrouble[] => {
    if (name !== flag || !known || value === null || !/^\/dev\/[^/]+$/.test(value.value)) return [];
    const newer = client === 'buildx' ? ' From v0.22 on buildx refuses it when the build is done.' : '';
    return [
      {
        condition: 'build.opt-invalid',
        severity: 'warning',
        file,
        line: written.line,
        column: written.column,
        message: `--${flag} ${value.value} is written beside the device and renamed: as root that puts a plain file in the place of ${value.value} for the whole host, and for others the command ends with "permission denied" when the build is done.${newer}`,
        remedy: [`Leave --${flag} out, or name a file in a directory of your own.`],
      },
    ];
  });
}

const PROGRESS = ['auto', 'plain', 'tty', ''];
const NEWER_PROGRESS = ['quiet', 'rawjson'];

/** Ways to show progress that the client does not have. */
function progressTroubles({ flags }: ReadFlags, client: Bracket, file: string): readonly FlagTrouble[] {
  return flags.flatMap(({ name, known, value, written }): readonly FlagTrouble[] => {
    if (name !== 'progress' || !known || value === null || !value.known || PROGRESS.includes(value.value)) return [];
    const newer = NEWER_PROGRESS.includes(value.value);
    if (newer && !surelyBefore(client, [0, 12, 0])) return [];
    return [
      {
        condition: 'build.opt-invalid',
        severity: 'error',
        file,
        line: written.line,
        column: written.column,
        message: `--progress ${value.value} is ${newer ? 'newer than this buildctl' : 'no way in which buildctl shows progress'}: it ends with "invalid progress mode ${value.value}".`,
        remedy: ['Write --progress plain.'],
      },
    ];
  });
}

const withDashes = (name: string | null): string | null => (name === null ? null : `--${name}`);

function droppedFlags(dropped: readonly Word[], first: Word, file: string): FlagTrouble {
  const shown = dropped.map(({ text }) => text).join(' ');
  return {
    condition: 'build.flag-ignored',
    severity: 'warning',
    file,
    line: first.line,
    column: first.column,
    message: `This buildctl (before v0.31) silently drops "${shown}": ${first.text} is followed by a word that it takes for the end of the flags.`,
    remedy: [`Write ${first.text}=true, or put it at the end of the command; leave out what buildctl has no flag for.`],
  };
}
