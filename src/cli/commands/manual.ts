import type { Command } from 'commander';
import { VERSION } from '../../package/version.ts';
import { FORMATS } from '../../report/formats/table.ts';
import { EXAMPLES, EXIT_MEANINGS } from '../call/examples.ts';
import { allChecks, allConditions } from '../call/knowledge.ts';
import { deliver } from '../call/outlet.ts';
import type { Session } from '../call/session.ts';
import { oneOf } from '../call/wording.ts';
import type { Outline } from '../manual/outline.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** `bk-doctor man`: the manual page, made from the very commands. */
export function registerMan(program: Command, session: Session): void {
  program
    .command('man')
    .summary('print the manual page')
    .description('Prints the manual page of all commands, for man -l.')
    .action(async () => {
      const { manualPage } = await import('../manual/man.ts');
      const page = manualPage(await outline(program, session), { examples: EXAMPLES, exitCodes: EXIT_MEANINGS });
      await deliver(session.streams.stdout, page);
    });
}

/** `bk-doctor completion SHELL`: what makes a shell complete our commands, flags and ids. */
export function registerCompletion(program: Command, session: Session): void {
  program
    .command('completion')
    .summary('print the completion for a shell')
    .description('Prints what makes a shell complete commands, flags and ids: bash, zsh or fish.')
    .argument('<shell>', SHELLS.join(', '))
    .action(async (given: string) => {
      const shell = oneOf('completion', given, SHELLS);
      await deliver(
        session.streams.stdout,
        (await import('../manual/shells.ts')).completion(shell, await outline(program, session)),
      );
    });
}

async function outline(program: Command, { catalog }: Session): Promise<Outline> {
  const [{ outlineOf }, { TEMPLATE_KINDS }] = await Promise.all([
    import('../manual/outline.ts'),
    import('../../documents/templates.ts'),
  ]);
  return outlineOf(program, VERSION, {
    formats: FORMATS.map(({ name }) => name),
    checks: allChecks(catalog).map(({ id }) => id),
    conditions: allConditions(catalog).map(({ id }) => id),
    templates: TEMPLATE_KINDS,
    shells: SHELLS,
  });
}
