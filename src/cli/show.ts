import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../host/usage-error.ts';
import { packageDirectory } from '../package/directory.ts';
import type { Appearance } from '../report/pen.ts';
import { penOf } from '../report/pen.ts';
import { visible } from '../text/visible.ts';
import { destinationOf, sendAnswer } from './answer.ts';
import { globalsOf } from './globals.ts';
import { allChecks, allConditions, type ListedCheck, type ListedCondition } from './knowledge.ts';
import type { Session } from './session.ts';
import { didYouMean } from './wording.ts';

/** `bk-doctor show ID`: one check or condition in full, with its page. */
export function registerShow(program: Command, session: Session): void {
  program
    .command('show')
    .summary('show one check or condition in full')
    .description('Shows one check or one condition in full, with its page from the documentation.')
    .argument('<id>', 'a check (idmap/ranges) or a condition (idmap.subid-missing)')
    .action(async (id: string, _options: unknown, command: Command) => {
      const globals = globalsOf(command);
      const destination = destinationOf(session, globals, 'answer', 'show');
      const checks = allChecks(session.catalog);
      const conditions = allConditions(session.catalog);
      const check = checks.find((each) => each.id === id);
      if (check !== undefined)
        return sendAnswer(destination, globals, check, (look) => checkText(check, conditions, look));
      const condition = conditions.find((each) => each.id === id);
      if (condition !== undefined)
        return sendAnswer(destination, globals, condition, (look) => conditionText(condition, look));
      const known = [...checks, ...conditions].map((each) => each.id);
      throw new UsageError(`there is no check or condition "${visible(id)}"${didYouMean(id, known)}`);
    });
}

function checkText(check: ListedCheck, known: readonly ListedCondition[], look: Appearance): string {
  const pen = penOf(look);
  const conditions = known.filter(({ id }) => check.conditions.includes(id));
  const page = pageOf(check.docs);
  const lines = [
    pen.paint('bold', check.id),
    ...pen.text(check.title, '  '),
    '',
    ...pen.text(`Why it matters: ${check.why}`, '  '),
    ...pen.text(`The verdict ${check.decides ? 'depends' : 'does not depend'} on it.`, '  '),
    ...pen.text(`Fix: ${check.fix ?? 'by hand'}`, '  '),
    '',
    '  It can find:',
    ...conditions.flatMap(({ id, definition }) => [...pen.literal([id], '    '), ...pen.text(definition, '      ')]),
    ...(page === null ? [] : ['', ...pen.literal([page], '')]),
  ];
  return `${lines.join('\n')}\n`;
}

function conditionText({ id, definition, checks }: ListedCondition, look: Appearance): string {
  const pen = penOf(look);
  const page = pageOf(`docs/conditions/${id}.md`);
  const lines = [
    pen.paint('bold', id),
    ...pen.text(definition, '  '),
    '',
    ...pen.text(
      checks.length === 0 ? 'No check looks for it: it shows in logs.' : `Found by: ${checks.join(', ')}`,
      '  ',
    ),
    ...(page === null ? [] : ['', ...pen.literal([page], '')]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A page of the documentation that comes with the package; null when it is not there. */
function pageOf(path: string): string | null {
  const page = resolve(packageDirectory(), path);
  return existsSync(page) ? readFileSync(page, 'utf8').trimEnd() : null;
}
