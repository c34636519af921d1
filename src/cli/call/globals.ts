import { type Command, Option } from 'commander';
import { UsageError } from '../../host/usage-error.ts';
import type { Format } from '../../report/format.ts';
import { FORMATS, formatNamed } from '../../report/formats/table.ts';
import { oneOf } from './wording.ts';

const NAMES = FORMATS.map(({ name }) => name);

/** The flags that every command has. */
export interface Globals {
  readonly format: Format;
  /** Null: stdout. */
  readonly output: string | null;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** False with --no-color. */
  readonly color: boolean;
  /** Null: decided by where the report goes. */
  readonly redact: boolean | null;
  /** A file of words that are replaced, too. */
  readonly redactWords: string | null;
}

export function addGlobals(program: Command): void {
  program
    .addOption(new Option('--json', 'the answer as JSON; the same as --format json').helpGroup('Answer:'))
    .addOption(
      new Option('--format <format>', `${NAMES.join(', ')} (default: ${FORMATS[0].name})`)
        .argParser((given) => oneOf('--format', given, NAMES))
        .helpGroup('Answer:'),
    )
    .addOption(
      new Option(
        '--output <file>',
        'write the answer to a file (mode 0600, names replaced as with --redact)',
      ).helpGroup('Answer:'),
    )
    .addOption(
      new Option(
        '--redact',
        'put user1, host1, registry1.example, 192.0.2.1 for the names of people, machines and addresses, everywhere alike (default for --output and markdown)',
      ).helpGroup('Answer:'),
    )
    .addOption(new Option('--no-redact', 'keep all names').helpGroup('Answer:'))
    .addOption(
      new Option(
        '--redact-words <file>',
        'replace the words in this file, too, one a line (implies --redact)',
      ).helpGroup('Answer:'),
    )
    .addOption(new Option('-q, --quiet', 'only findings and the verdict').helpGroup('Answer:'))
    .addOption(new Option('-v, --verbose', 'also passes, evidence, settings and the inventory').helpGroup('Answer:'))
    .addOption(
      new Option('--no-color', 'no colour (also NO_COLOR, TERM=dumb; FORCE_COLOR for the contrary)').helpGroup(
        'Answer:',
      ),
    );
}

/** What commander read, told apart and free of contradictions. Throws UsageError. */
export function globalsOf(command: Command): Globals {
  const given = command.optsWithGlobals<{
    json?: true;
    format?: string;
    output?: string;
    redact?: boolean;
    redactWords?: string;
    quiet?: true;
    verbose?: true;
    color: boolean;
  }>();
  if (given.json && given.format !== undefined && given.format !== 'json')
    throw new UsageError(`--json and --format ${given.format} contradict each other: choose one`);
  if (given.quiet && given.verbose) throw new UsageError('--quiet and --verbose contradict each other: choose one');
  if (given.redactWords !== undefined && given.redact === false)
    throw new UsageError('--redact-words and --no-redact contradict each other: choose one');
  const format = formatNamed(given.json ? 'json' : (given.format ?? '')) ?? FORMATS[0];
  if (given.redact === false && format.carriesNoNames === true)
    throw new UsageError(
      `--no-redact cannot be used with --format ${format.name}: everybody can read what a monitor shows`,
    );
  if (given.output === '') throw new UsageError('--output needs the name of a file');
  return {
    format,
    output: given.output === undefined || given.output === '-' ? null : given.output,
    quiet: given.quiet ?? false,
    verbose: given.verbose ?? false,
    color: given.color,
    redact: given.redactWords === undefined ? (given.redact ?? null) : true,
    redactWords: given.redactWords ?? null,
  };
}

/** Where names cannot be replaced without losing what the answer is for. Throws UsageError. */
export function refuseRedact({ redact }: Globals, why: string): void {
  if (redact === true) throw new UsageError(`--redact cannot be used here: ${why}`);
}
