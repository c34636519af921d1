import type { Command, Option } from 'commander';

/** What a shell may offer after a flag or in the place of an operand. */
export type Values =
  | { readonly kind: 'nothing' | 'anything' | 'file' | 'directory' | 'user' }
  /** One of these words; several with commas between where it is a list. */
  | { readonly kind: 'words' | 'list'; readonly words: readonly string[] };
/** A flag as a person may type it. */
export interface OutlinedFlag {
  /** All spellings, short ones first. */
  readonly spellings: readonly string[];
  /** The name of its value, as help prints it; null where it takes none. */
  readonly takes: string | null;
  readonly description: string;
  readonly values: Values;
}
/** A command, for manuals and shells. */
export interface OutlinedCommand {
  readonly name: string;
  /** Its operands as help prints them. */
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly flags: readonly OutlinedFlag[];
  readonly operands: Values;
}
/** The whole command line. */
export interface Outline {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly globals: readonly OutlinedFlag[];
  readonly commands: readonly OutlinedCommand[];
}
/** The words that some flags and operands take. */
export interface Known {
  readonly formats: readonly string[];
  readonly checks: readonly string[];
  readonly conditions: readonly string[];
  readonly templates: readonly string[];
  readonly shells: readonly string[];
}

/** The command line as commander holds it. */
export function outlineOf(program: Command, version: string, known: Known): Outline {
  const areas = [...new Set(known.checks.map((id) => id.replace(/\/.*/, '')))];
  const commands = program.commands.map((command): OutlinedCommand => {
    const flags = command.options.map((option) => outlined(option, valuesOf(command.name(), option, known, areas)));
    return {
      name: command.name(),
      usage: command.registeredArguments
        .map((each) => {
          const name = `${each.name()}${each.variadic ? '...' : ''}`;
          return each.required ? `<${name}>` : `[${name}]`;
        })
        .join(' '),
      summary: command.summary(),
      description: command.description() || command.summary(),
      flags,
      operands: operandsOf(command, program, known, areas),
    };
  });
  const help = { spellings: ['-h', '--help'], takes: null, description: 'print this help', values: NOTHING };
  const globals = program.options.map((option) => outlined(option, valuesOf('', option, known, areas)));
  return { name: program.name(), version, description: program.description(), globals: [...globals, help], commands };
}

const NOTHING: Values = { kind: 'nothing' };

function outlined(option: Option, values: Values): OutlinedFlag {
  const spellings = option.flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
  const takes = /[<[]([^<>[\]]*)[\]>]$/.exec(option.flags)?.[1] ?? null;
  return { spellings, takes, description: option.description, values: takes === null ? NOTHING : values };
}

function valuesOf(command: string, option: Option, known: Known, areas: readonly string[]): Values {
  const words = (...each: readonly string[]): Values => ({ kind: 'words', words: each });
  switch (option.attributeName()) {
    case 'format':
      return words(...known.formats);
    case 'mode':
      return command === 'template' ? words('rootless', 'userns', 'privileged') : words('rootless', 'rootful');
    case 'failOn':
      return words('error', 'warning');
    case 'only':
    case 'skip':
      return { kind: 'list', words: [...areas, ...known.checks] };
    case 'user':
      return { kind: 'user' };
    case 'root':
    case 'context':
      return { kind: 'directory' };
    case 'from':
      return { kind: 'file' };
    default:
      return { kind: /<(file|file\|name)>$/.test(option.flags) ? 'file' : 'anything' };
  }
}

function operandsOf(command: Command, program: Command, known: Known, areas: readonly string[]): Values {
  const ids = [...areas, ...known.checks, ...known.conditions];
  switch (command.name()) {
    case 'show':
      return { kind: 'words', words: ids };
    case 'help':
      return { kind: 'words', words: [...program.commands.map((each) => each.name()), ...ids] };
    case 'template':
      return { kind: 'words', words: known.templates };
    case 'completion':
      return { kind: 'words', words: known.shells };
    case 'undo':
      return { kind: 'anything' };
    default:
      return command.registeredArguments.length === 0 ? NOTHING : { kind: 'file' };
  }
}
