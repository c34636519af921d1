import { flagTroubles, replacedDevices } from '../commands/buildctl.ts';
import { BUILDX_BAKE, tableOf } from '../commands/client-flags.ts';
import { askedFrom, type FlagTable, pflags } from '../commands/flag-reader.ts';
import type { ShellCommand } from '../commands/script.ts';
import type { Asked, FlagTrouble, Word } from '../model/request.ts';

/** What `docker buildx bake` gets on its command line. */
export interface BakeCommand {
  readonly program: Word;
  readonly file: string;
  readonly files: readonly Asked[];
  readonly targets: readonly Word[];
  readonly sets: readonly Asked[];
  readonly variables: readonly Asked[];
  readonly allow: readonly Asked[];
  readonly builder: Asked | null;
  readonly pushes: Asked | null;
  readonly environment: ReadonlyMap<string, Word>;
  readonly open: boolean;
  readonly troubles: readonly FlagTrouble[];
}

const TABLE: FlagTable = tableOf(BUILDX_BAKE);

export function bakeCommand(command: ShellCommand, rest: readonly Word[], file: string): BakeCommand | null {
  const [program] = command.words;
  if (program === undefined) return null;
  const read = pflags(rest, file, TABLE, { f: 'file', D: 'debug' });
  const values = (name: string): readonly Asked[] =>
    read.flags.flatMap((flag) => (flag.known && flag.name === name && flag.value !== null ? [flag.value] : []));
  const troubles = flagTroubles(
    read.flags,
    file,
    'docker buildx bake',
    ({ name }, shown) => MEANT[name] ?? `Leave out ${shown}; what a target gets is set with --set TARGET.KEY=VALUE.`,
  );
  const pushes = read.flags.findLast(({ name, value }) => name === 'push' && value?.value !== 'false');
  return {
    program,
    file,
    files: values('file'),
    targets: read.operands,
    sets: values('set'),
    variables: values('var'),
    allow: values('allow'),
    builder: values('builder').at(-1) ?? null,
    pushes: pushes === undefined ? null : (pushes.value ?? askedFrom(pushes.written, file)),
    environment: command.environment,
    open: read.open,
    troubles: [...troubles, ...replacedDevices(read, 'metadata-file', 'buildx', file)],
  };
}

/** What people write for bake that docker buildx build has. */
const MEANT: { readonly [flag: string]: string } = {
  'build-arg': 'Write --set "*.args.NAME=VALUE" in its place.',
  platform: 'Write --set "*.platform=OS/ARCH" in its place.',
  tag: 'Write --set "TARGET.tags=NAME" in its place.',
  '-t': 'Write --set "TARGET.tags=NAME" in its place.',
  target: 'Name the target of the file as an argument, or write --set "TARGET.target=STAGE".',
  output: 'Write --set "*.output=type=TYPE" in its place.',
  secret: 'Write --set "*.secrets=id=NAME,src=FILE" in its place.',
  network: 'Write network = "host" into the target, and --allow network.host on the command line.',
};
