import type { Command } from 'commander';
import { type Appearance, penOf } from '../../report/pen.ts';
import { destinationOf, sendAnswer } from '../call/answer.ts';
import { type Globals, globalsOf } from '../call/globals.ts';
import { allChecks, allConditions, type ListedCheck } from '../call/knowledge.ts';
import type { Session } from '../call/session.ts';
import { tableText } from '../call/table.ts';

/** `bk-doctor list`: every check, condition and fix; offline, whatever the host. */
export function registerList(program: Command, session: Session): void {
  program
    .command('list')
    .summary('list the checks, their fixes and the conditions they find')
    .description(
      'Lists the checks, a line each; --verbose adds their fixes and the conditions, --quiet prints only ids.',
    )
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
  if (!verbose)
    return `${checkLines(checks, look)}\n${conditions.length} conditions are known (-v lists them). One in full: bk-doctor show ID\n`;
  const table = await tableText(
    ['Check', 'When all is well', 'Fix'],
    checks.map(({ id, title, fix }) => [id, title, fix ?? 'by hand']),
    look,
  );
  const found = await tableText(
    ['Condition', 'Meaning'],
    conditions.map(({ id, definition }) => [id, definition]),
    look,
  );
  return `${table}\n${found}\nOne in full: bk-doctor show ID\n`;
}

/** A check a line: its id, and what is so when all is well. */
export function checkLines(checks: readonly ListedCheck[], look: Appearance): string {
  const pen = penOf(look);
  const width = Math.max(...checks.map(({ id }) => id.length)) + 2;
  const beside = width <= look.columns / 2;
  return checks
    .flatMap(({ id, title }) =>
      beside
        ? pen.text(title, id.padEnd(width), ' '.repeat(width))
        : [...pen.literal([id], ''), ...pen.text(title, '    ')],
    )
    .map((line) => `${line}\n`)
    .join('');
}
