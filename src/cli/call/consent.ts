import type { HistoryTransaction } from '../../apply/journal/types.ts';
import type { Appearance } from '../../report/pen.ts';
import { planText } from '../../report/plan.ts';
import { stepLine } from '../../text/steps.ts';
import { ascii, visible } from '../../text/visible.ts';
import type { Planned } from '../../treat/options.ts';
import { appearanceOf } from './appearance.ts';
import type { Globals } from './globals.ts';
import { answerLine, numbersOf } from './plain-question.ts';
import { Interrupted, type Session } from './session.ts';

/** Shows every plan with its diff and asks which to carry out; what weakens something must be picked on purpose. */
export async function choose(
  session: Session,
  { color }: Globals,
  planned: readonly Planned[],
  risky: boolean,
): Promise<readonly Planned[]> {
  const { stderr, env } = session.streams;
  const look = appearanceOf(stderr, env, color);
  stderr.write(`${planText(planned, look)}\n`);
  const wanted = planned.map(({ fix }) => fix.risk === 'safe' || risky);
  const chosen = canDraw(session) ? await chosenFrom(session, planned, wanted, look) : await typed(session, wanted);
  return planned.filter((_plan, index) => chosen.includes(index));
}

/** Can the terminal move its cursor? */
const canDraw = ({ streams: { env } }: Session): boolean => env.TERM !== 'dumb' && (env.TERM ?? '') !== '';

/** Answers the numbers of those chosen, from 0. */
async function chosenFrom(
  session: Session,
  planned: readonly Planned[],
  wanted: readonly boolean[],
  look: Appearance,
): Promise<readonly number[]> {
  // The prompts colour by this variable alone.
  if (!look.colour) process.env.NO_COLOR = '1';
  if (planned.length === 1) {
    const yes = await answerOf(session, (ask) =>
      ask<{ answer: boolean }>([
        { type: 'confirm', name: 'answer', message: 'Apply this repair?', default: wanted[0] ?? false },
      ]),
    );
    return yes ? [0] : [];
  }
  const width = Math.max(...planned.map(({ check }) => check.length));
  return answerOf(session, (ask) =>
    ask<{ answer: readonly number[] }>([
      {
        type: 'checkbox',
        name: 'answer',
        message: 'Apply which repairs?',
        choices: planned.map(({ check, fix }, index) => ({
          value: index,
          name: cut(`${check.padEnd(width)}  ${fix.risk === 'risky' ? '(risky) ' : ''}${actionOf(fix)}`, look),
          short: check,
          checked: wanted[index] ?? false,
          ...(fix.consequence === undefined ? {} : { description: `Consequence: ${visible(fix.consequence)}` }),
        })),
        loop: false,
        pageSize: 12,
      },
    ]),
  );
}

/** One line of text, for a terminal that cannot draw. */
async function typed(session: Session, wanted: readonly boolean[]): Promise<readonly number[]> {
  const all = wanted.map((_, index) => index);
  const question =
    wanted.length === 1
      ? `Apply this repair? [${wanted[0] ? 'Y/n' : 'y/N'}] `
      : `Apply 1-${wanted.length}? [y: ${wanted.every(Boolean) ? 'all' : 'the safe ones'}, n: none, or numbers like 1,3] `;
  for (;;) {
    const answer = (await answerLine(session, question)).trim().toLowerCase();
    if (answer === '' && wanted.length === 1) return wanted[0] ? [0] : [];
    if (answer === 'n' || answer === 'no' || answer === '') return [];
    if (answer === 'y' || answer === 'yes') return wanted.length === 1 ? all : all.filter((index) => wanted[index]);
    const numbers = numbersOf(answer, wanted.length);
    if (numbers !== null) return numbers;
  }
}

/** What is done first, as the name of an action. */
function actionOf({ steps }: Planned['fix']): string {
  const [first, ...more] = steps.filter(({ do: kind }) => kind !== 'tell');
  if (first === undefined) return '';
  return `${visible(stepLine(first))}${more.length === 0 ? '' : ` (and ${more.length} more)`}`;
}

/** On one line: inquirer redraws what it has written, and a line that wraps would stay. */
function cut(text: string, { columns, unicode }: Appearance): string {
  const plain = unicode ? text : ascii(text);
  const room = columns - 6;
  return plain.length <= room ? plain : `${plain.slice(0, room - 3)}...`;
}

/** An earlier run was killed in the middle of a treatment: what now? */
export function whatOfLeftover(
  session: Session,
  { id, check }: HistoryTransaction,
): Promise<'finish' | 'take-back' | 'leave'> {
  const message = `An earlier run was cut short while it repaired ${visible(check)} (${visible(id)}). What now?`;
  if (!canDraw(session)) return typedWish(session, message);
  return answerOf(session, (ask) =>
    ask<{ answer: 'finish' | 'take-back' | 'leave' }>([
      {
        type: 'select',
        name: 'answer',
        message,
        choices: [
          { value: 'take-back', name: 'undo it, as if it had not begun' },
          { value: 'finish', name: 'finish it' },
          { value: 'leave', name: 'leave it as it is' },
        ],
      },
    ]),
  );
}

async function typedWish(session: Session, message: string): Promise<'finish' | 'take-back' | 'leave'> {
  const wishes = { u: 'take-back', f: 'finish', l: 'leave' } as const;
  for (;;) {
    const answer = (await answerLine(session, `${message} [u: undo it, f: finish it, l: leave it] `)).trim();
    const letter = answer.charAt(0).toLowerCase();
    if (letter === 'u' || letter === 'f' || letter === 'l') return wishes[letter];
  }
}

type Ask = ReturnType<typeof import('inquirer').createPromptModule<never>>;

/** Asks on the terminal, with everything on stderr: stdout is for the answer. */
async function answerOf<T>({ streams, signal }: Session, put: (ask: Ask) => Promise<{ answer: T }>): Promise<T> {
  const { createPromptModule } = await import('inquirer');
  const ask = createPromptModule({ input: streams.stdin, output: streams.stderr, signal });
  // At the end of input (Ctrl-D) a prompt gives up silently, and nothing is left to wait for.
  let abandon = (): void => {};
  const abandoned = new Promise<never>((_resolve, reject) => {
    abandon = () => reject(new Interrupted());
    process.once('beforeExit', abandon);
  });
  try {
    return (await Promise.race([put(ask), abandoned])).answer;
  } catch (error) {
    if (error instanceof Interrupted) streams.stderr.write('\n\u001b[?25h');
    if (error instanceof Error && /^(Exit|Abort|Cancel)PromptError$/.test(error.name)) throw new Interrupted();
    throw error;
  } finally {
    process.off('beforeExit', abandon);
  }
}
