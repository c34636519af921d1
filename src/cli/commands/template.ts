import { type Command, Option } from 'commander';
import type { TemplateMode } from '../../documents/templates.ts';
import { UsageError } from '../../host/usage-error.ts';
import { destinationOf, sendAnswer } from '../call/answer.ts';
import { globalsOf } from '../call/globals.ts';
import type { Session } from '../call/session.ts';
import { oneOf } from '../call/wording.ts';

const MODES = ['rootless', 'userns', 'privileged'] as const satisfies readonly TemplateMode[];

/** `bk-doctor template KIND`: a right file for a place where BuildKit is to run. */
export function registerTemplate(program: Command, session: Session): void {
  program
    .command('template')
    .summary('print a right file to run BuildKit somewhere')
    .description(
      'Prints a file that runs BuildKit in a place, with the reason of each line: kubernetes, compose, docker, podman, quadlet, buildkite, gitlab, actions, tekton.',
    )
    .argument('<kind>', 'the place')
    .addOption(
      new Option('--mode <mode>', 'rootless, userns or privileged (default: rootless)')
        .argParser((given) => oneOf('--mode', given, MODES))
        .helpGroup('What is printed:'),
    )
    .action(async (kind: string, _options: unknown, command: Command) => {
      const globals = globalsOf(command);
      const { TEMPLATE_KINDS, template } = await import('../../documents/templates.ts');
      oneOf('template', kind, TEMPLATE_KINDS);
      const mode = command.opts<{ mode?: TemplateMode }>().mode ?? 'rootless';
      const text = template(kind, mode);
      if (text === null) throw new UsageError(`${kind} has no mode ${mode}: choose rootless or privileged`);
      const destination = destinationOf(session, globals, 'answer', 'template');
      await sendAnswer(destination, globals, { schema: 1, kind, mode, text }, () => text);
      session.finish(0);
    });
}
