import type { Command } from 'commander';
import { UsageError } from '../../host/usage-error.ts';
import { visible } from '../../text/visible.ts';
import type { Session } from '../call/session.ts';
import { didYouMean } from '../call/wording.ts';
import { isShown, show } from './show.ts';

/** `bk-doctor help [TOPIC]`: of a command its help, of a check, an area or a condition its page. */
export function registerHelp(program: Command, session: Session): void {
  program
    .command('help')
    .summary('help for a command, a check or a condition')
    .description('Prints the help of a command, or what show prints of a check, an area or a condition.')
    .argument('[topic]', 'a command (fix), a check (idmap/ranges) or a condition (idmap.subid-missing)')
    .action(async (topic: string | undefined, _options: unknown, command: Command) => {
      const named = program.commands.find((each) => each.name() === topic);
      if (topic === undefined) program.help();
      if (named !== undefined) named.help();
      if (topic !== undefined && isShown(session, topic)) return show(session, command, topic);
      const known = program.commands.map((each) => each.name());
      throw new UsageError(`there is no command "${visible(topic ?? '')}"${didYouMean(topic ?? '', known)}`);
    });
}
