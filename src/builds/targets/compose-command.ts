import { flagTroubles } from '../commands/buildctl.ts';
import { COMPOSE_BUILD_FLAGS, tableOf } from '../commands/client-flags.ts';
import { askedFrom, type FlagTable, pflags } from '../commands/flag-reader.ts';
import type { ShellCommand } from '../commands/script.ts';
import type { Asked, FlagTrouble, Word } from '../model/request.ts';

/** What `docker compose build`, or `up --build`, gets on its command line. */
export interface ComposeCommand {
  readonly program: Word;
  readonly file: string;
  readonly files: readonly Asked[];
  /** Where paths are relative to, if the command says so. */
  readonly directory: string | null;
  readonly services: readonly Word[];
  readonly args: readonly Asked[];
  readonly ssh: readonly Asked[];
  readonly builder: Asked | null;
  readonly environment: ReadonlyMap<string, Word>;
  readonly open: boolean;
  readonly troubles: readonly FlagTrouble[];
}

/** Options of compose that take a value, in front of its subcommand. */
const GLOBAL =
  /^(?:-f|--file|-p|--project-name|--project-directory|--profile|--env-file|--parallel|--ansi|--progress)$/;
const TABLE: FlagTable = tableOf(COMPOSE_BUILD_FLAGS);
/** A path in which something is only known when the command runs. */
const UNKNOWN = `$${'{}'}`;
const BEFORE = /^(?:-H|--host|-c|--context|--config|-l|--log-level)$/;

export function composeCommand(command: ShellCommand, file: string): ComposeCommand | null {
  const [program, ...words] = command.words;
  if (program === undefined || !/(?:^|\/)docker(?:-compose)?$/.test(program.text)) return null;
  let at = 0;
  if (program.text.endsWith('docker')) {
    while (words[at]?.text.startsWith('-') === true) at += BEFORE.test(words[at]?.text ?? '') ? 2 : 1;
    if (words[at]?.text !== 'compose') return null;
    at++;
  }
  const files: Asked[] = [];
  let directory: string | null = null;
  let open = false;
  for (let word = words[at]; word?.text.startsWith('-') === true || word?.open === true; word = words[at]) {
    const [, name = word.text, glued] = /^(-f|--[\w-]+)=(.*)$/s.exec(word.text) ?? [];
    const value = glued === undefined ? words[at + 1] : { ...word, text: glued };
    open ||= word.open;
    if (value !== undefined && (name === '-f' || name === '--file')) files.push(askedFrom(value, file));
    if (value !== undefined && name === '--project-directory') directory = value.known ? value.text : UNKNOWN;
    at += glued === undefined && GLOBAL.test(name) ? 2 : 1;
  }
  const verb = words[at]?.text;
  const rest = words.slice(at + 1);
  const builds = verb === 'build' || (verb === 'up' && rest.some(({ text }) => text === '--build'));
  return builds ? buildCommand(command, program, rest, file, { files, directory, open, up: verb === 'up' }) : null;
}

function buildCommand(
  command: ShellCommand,
  program: Word,
  rest: readonly Word[],
  file: string,
  about: {
    readonly files: readonly Asked[];
    readonly directory: string | null;
    readonly open: boolean;
    readonly up: boolean;
  },
): ComposeCommand {
  // What else `up` takes is its own matter.
  const read = pflags(about.up ? [] : rest, file, TABLE, { q: 'quiet', m: 'memory' });
  const values = (name: string): readonly Asked[] =>
    read.flags.flatMap((flag) => (flag.known && flag.name === name && flag.value !== null ? [flag.value] : []));
  return {
    program,
    file,
    files: about.files,
    directory: about.directory,
    services: read.operands,
    args: values('build-arg'),
    ssh: values('ssh'),
    builder: values('builder').at(-1) ?? null,
    environment: command.environment,
    open: about.open || read.open || rest.some(({ open }) => open),
    troubles: flagTroubles(read.flags, file, 'docker compose build', ({ name }, shown) =>
      name === 'allow'
        ? 'Leave it out: write entitlements or privileged under build of the service, which Compose allows by itself.'
        : `Leave out ${shown}; what a build gets stands under build of its service.`,
    ),
  };
}
