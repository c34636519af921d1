import { Command, type CommanderError } from 'commander';
import { UsageError } from '../host/usage-error.ts';
import { VERSION } from '../package/version.ts';
import { visible } from '../text/visible.ts';
import { EXAMPLES, EXIT_MEANINGS } from './call/examples.ts';
import { addGlobals } from './call/globals.ts';
import { deliver } from './call/outlet.ts';
import type { Session } from './call/session.ts';
import { didYouMean } from './call/wording.ts';
import { registerCheck } from './commands/check.ts';
import { registerDiff, registerMerge } from './commands/compare.ts';
import { registerExplain } from './commands/explain.ts';
import { registerFix } from './commands/fix.ts';
import { registerHelp } from './commands/help.ts';
import { registerHistory } from './commands/history.ts';
import { registerLint } from './commands/lint.ts';
import { registerList } from './commands/list.ts';
import { registerCompletion, registerMan } from './commands/manual.ts';
import { registerSetup } from './commands/setup.ts';
import { registerShell } from './commands/shell.ts';
import { registerShow } from './commands/show.ts';
import { registerTemplate } from './commands/template.ts';
import { registerUndo } from './commands/undo.ts';
import { registerUnredact } from './commands/unredact.ts';
import { registerVerify } from './commands/verify.ts';

/** Every command, in the order of the help text. */
const COMMANDS = [
  registerCheck,
  registerFix,
  registerSetup,
  registerUndo,
  registerHistory,
  registerExplain,
  registerVerify,
  registerShell,
  registerLint,
  registerTemplate,
  registerUnredact,
  registerDiff,
  registerMerge,
  registerList,
  registerShow,
  registerHelp,
  registerMan,
  registerCompletion,
];

const EXIT_CODES = `
Exit codes:
${EXIT_MEANINGS.map(({ code, meaning }) => `  ${code}  ${meaning}`).join('\n')}`;

/** The command line; what help and version print is gathered, so that stdout gets it whole. */
export function createProgram(session: Session): { readonly program: Command; readonly printed: () => string } {
  let text = '';
  const program = new Command('bk-doctor')
    .description('Tells whether this Linux host can run BuildKit, proves it, and repairs what it can.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: (part) => {
        text += part;
      },
      writeErr: () => {},
      outputError: () => {},
    })
    .configureHelp({ showGlobalOptions: true, helpWidth: 80 })
    .helpCommand(false)
    .addHelpText('after', EXIT_CODES);
  addGlobals(program);
  for (const register of COMMANDS) register(program, session);
  program
    .command('version')
    .summary('print the version')
    .action(() => deliver(session.streams.stdout, `${VERSION}\n`));
  for (const each of [program, ...program.commands]) {
    const examples = EXAMPLES[each.name()];
    if (examples !== undefined)
      each.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`);
  }
  return { program, printed: () => text };
}

/** The sentence for a call that commander refused; null where it only printed what was asked for. */
export function misuse(error: CommanderError, program: Command, argv: readonly string[]): UsageError | null {
  if (error.exitCode === 0) return null;
  if (error.code === 'commander.help') {
    const word = argv.filter((each) => !each.startsWith('-')).at(1) ?? '';
    const known = program.commands.map((command) => command.name());
    return new UsageError(`there is no command "${visible(word)}"${didYouMean(word, known)}`);
  }
  const [sentence = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /^\(Did you mean (?:one of )?(.+?)\?\)$/.exec(more.join(' '))?.[1];
  if (suggestion !== undefined) return new UsageError(`${sentence}; did you mean ${suggestion}?`);
  const option = error.code === 'commander.unknownOption' ? /'(--?[^'=]+)/.exec(sentence)?.[1] : undefined;
  const owner =
    option === undefined
      ? undefined
      : program.commands.find((command) =>
          command.options.some(({ short, long }) => option === long || option === short),
        );
  if (owner !== undefined) return new UsageError(`${sentence}: it belongs to bk-doctor ${owner.name()}`);
  return new UsageError(sentence.replace(/\. Expected/, ': expected').replace(/\.$/, ''));
}
