import type { Command } from 'commander';
import { UsageError } from '../../host/usage-error.ts';
import { page } from '../../package/form.ts';
import { pageText } from '../../report/page.ts';
import { type Appearance, penOf } from '../../report/pen.ts';
import { visible } from '../../text/visible.ts';
import { destinationOf, sendAnswer } from '../call/answer.ts';
import { globalsOf } from '../call/globals.ts';
import { allChecks, allConditions, type ListedCheck, type ListedCondition } from '../call/knowledge.ts';
import type { Session } from '../call/session.ts';
import { didYouMean } from '../call/wording.ts';
import { checkLines } from './list.ts';

/** `bk-doctor show ID`: one check or condition with its page, or the checks of an area. */
export function registerShow(program: Command, session: Session): void {
  program
    .command('show')
    .summary('show one check or condition in full')
    .description('Shows one check or one condition in full, as the documentation has it, or the checks of an area.')
    .argument('<id>', 'a check (idmap/ranges), an area (idmap) or a condition (idmap.subid-missing)')
    .action((id: string, _options: unknown, command: Command) => show(session, command, id));
}

/** Is there something to show by that name? */
export const isShown = (session: Session, id: string): boolean => foundBy(id, session) !== null;

export async function show(session: Session, command: Command, id: string): Promise<void> {
  const globals = globalsOf(command);
  const destination = destinationOf(session, globals, 'answer', 'show');
  const found = foundBy(id, session);
  if (found === null)
    throw new UsageError(`there is no check, area or condition "${visible(id)}"${guess(id, session)}`);
  if ('area' in found)
    return sendAnswer(destination, globals, { schema: 1, checks: found.area, conditions: [] }, (look) =>
      checkLines(found.area, look),
    );
  if ('check' in found) return sendAnswer(destination, globals, found.check, (look) => checkText(found.check, look));
  return sendAnswer(destination, globals, found.condition, (look) => conditionText(found.condition, look));
}

type Found =
  | { readonly check: ListedCheck }
  | { readonly condition: ListedCondition }
  | { readonly area: readonly ListedCheck[] };

/** By its whole id, as an area, or by the last part of an id where that is one thing's alone. */
function foundBy(id: string, session: Session): Found | null {
  const checks = allChecks(session.catalog);
  const conditions = allConditions(session.catalog);
  const check = checks.find((each) => each.id === id);
  if (check !== undefined) return { check };
  const condition = conditions.find((each) => each.id === id);
  if (condition !== undefined) return { condition };
  const area = checks.filter((each) => each.id.startsWith(`${id}/`));
  if (area.length > 0) return { area };
  const short: readonly Found[] = [
    ...checks.filter((each) => each.id.endsWith(`/${id}`)).map((each) => ({ check: each })),
    ...conditions.filter((each) => each.id.endsWith(`.${id}`)).map((each) => ({ condition: each })),
  ];
  return (short.length === 1 ? short[0] : null) ?? null;
}

function guess(id: string, session: Session): string {
  const known = [...allChecks(session.catalog), ...allConditions(session.catalog)].map((each) => each.id);
  const whole = didYouMean(id, known);
  if (whole !== '') return whole;
  const part = didYouMean(id, [...new Set(known.map((each) => each.replace(/^[^/.]*[/.]/, '')))]);
  return part === '' ? '; bk-doctor list -v has them all' : part;
}

function checkText(check: ListedCheck, look: Appearance): string {
  const pen = penOf(look);
  const decides = `The verdict ${check.decides ? 'depends' : 'does not depend'} on it.`;
  const text = page(check.docs);
  if (text !== null) return `${pageText(text, look)}\n${pen.text(decides, '', ' ').join('\n')}\n`;
  const lines = [
    pen.paint('bold', check.id),
    ...pen.text(check.title, '  '),
    '',
    ...pen.text(`Why it matters: ${check.why}`, '  '),
    ...pen.text(decides, '  '),
    ...pen.text(`Fix: ${check.fix ?? 'by hand'}`, '  '),
    '',
    '  It can find:',
    ...pen.literal(check.conditions, '    '),
  ];
  return `${lines.join('\n')}\n`;
}

function conditionText({ id, definition, checks }: ListedCondition, look: Appearance): string {
  const text = page(`docs/conditions/${id}.md`);
  if (text !== null) return pageText(text, look);
  const pen = penOf(look);
  const found =
    checks.length === 0
      ? 'No check of a host finds it; it only shows in build or daemon logs.'
      : `Found by: ${checks.join(', ')}`;
  return `${[pen.paint('bold', id), ...pen.text(definition, '  '), '', ...pen.text(found, '  ')].join('\n')}\n`;
}
