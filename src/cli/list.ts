import type { Command } from 'commander';
import type { Appearance } from '../report/pen.ts';
import { destinationOf, sendAnswer } from './answer.ts';
import { type Globals, globalsOf } from './globals.ts';
import { allChecks, allConditions } from './knowledge.ts';
import type { Session } from './session.ts';
import { tableText } from './table.ts';

/** `bk-doctor list`: every check, condition and fix; offline, whatever the host. */
export function registerList(program: Command, session: Session): void {
  program
    .command('list')
    .summary('list the checks, their fixes and the conditions they find')
    .description('Lists the checks with their fixes; --verbose adds the conditions, --quiet prints only ids.')
    .action(async (_options: unknown, command: Command) => {
      const globals = globalsOf(command);
      const destination = destinationOf(session, globals, 'answer', 'list');
      const known = {
        schema: 1,
        checks: allChecks(session.catalog),
        conditions: allConditions(session.catalog),
      } as const;
      await sendAnswer(destination, globals, known, (look) => listText(known, globals, look));
    });
}

async function listText(
  { checks, conditions }: { checks: ReturnType<typeof allChecks>; conditions: ReturnType<typeof allConditions> },
  { quiet, verbose }: Globals,
  look: Appearance,
): Promise<string> {
  if (quiet) return checks.map(({ id }) => `${id}\n`).join('');
  const table = await tableText(
    ['Check', 'When all is well', 'Fix'],
    checks.map(({ id, title, fix }) => [id, title, fix ?? 'by hand']),
    look,
  );
  if (!verbose)
    return `${table}\n${conditions.length} conditions are known (-v lists them). One in full: bk-doctor show ID\n`;
  const found = await tableText(
    ['Condition', 'Meaning'],
    conditions.map(({ id, definition }) => [id, definition]),
    look,
  );
  return `${table}\n${found}\nOne in full: bk-doctor show ID\n`;
}
