import type { HistoryTransaction } from '../apply/journal/types.ts';
import { planText } from '../report/plan.ts';
import { located } from '../text/located.ts';
import { visible } from '../text/visible.ts';
import type { Planned } from '../treat/options.ts';
import { appearanceOf } from './appearance.ts';
import type { Globals } from './globals.ts';
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
  // The prompts colour by this variable alone.
  if (!look.colour) process.env.NO_COLOR = '1';
  stderr.write(`${planText(planned, look)}\n`);
  const choices = planned.map(({ check, fix, problems }, index) => ({
    value: index,
    name: `${index + 1}. ${check}${fix.risk === 'risky' ? ' (risky)' : ''}: ${short(problems, look.columns - 30)}`,
    short: check,
    checked: fix.risk === 'safe' || risky,
    ...(fix.consequence === undefined ? {} : { description: `Consequence: ${visible(fix.consequence)}` }),
  }));
  const chosen = await answerOf(session, (ask) =>
    ask<{ answer: readonly number[] }>([
      {
        type: 'checkbox',
        name: 'answer',
        message: 'Which of these are to be carried out?',
        choices,
        loop: false,
        pageSize: 12,
      },
    ]),
  );
  return planned.filter((_plan, index) => chosen.includes(index));
}

/** The first problem on one line; all of them stand above. */
function short(problems: Planned['problems'], columns: number): string {
  const [problem] = problems;
  const text = visible(problem === undefined ? '' : located(problem));
  return text.length <= columns ? text : `${text.slice(0, columns - 3)}...`;
}

/** An earlier run was killed in the middle of a treatment: what now? */
export function whatOfLeftover(
  session: Session,
  { id, check }: HistoryTransaction,
): Promise<'finish' | 'take-back' | 'leave'> {
  return answerOf(session, (ask) =>
    ask<{ answer: 'finish' | 'take-back' | 'leave' }>([
      {
        type: 'select',
        name: 'answer',
        message: `An earlier run was cut short while it treated ${visible(check)} (${visible(id)}). What now?`,
        choices: [
          { value: 'take-back', name: 'take it back, as if it had not begun' },
          { value: 'finish', name: 'finish it' },
          { value: 'leave', name: 'leave it as it is' },
        ],
      },
    ]),
  );
}

type Ask = ReturnType<typeof import('inquirer').createPromptModule<never>>;

/** Asks on the terminal, with everything on stderr: stdout is for the answer. */
async function answerOf<T>({ streams, signal }: Session, put: (ask: Ask) => Promise<{ answer: T }>): Promise<T> {
  const { createPromptModule } = await import('inquirer');
  const ask = createPromptModule({ input: streams.stdin, output: streams.stderr, signal });
  const broken = (): Interrupted => new Interrupted('broken off at a question: nothing more was changed');
  // At the end of input (Ctrl-D) a prompt gives up without a word, and nothing is left to wait for.
  let abandon = (): void => {};
  const abandoned = new Promise<never>((_resolve, reject) => {
    abandon = () => reject(broken());
    process.once('beforeExit', abandon);
  });
  try {
    return (await Promise.race([put(ask), abandoned])).answer;
  } catch (error) {
    if (error instanceof Interrupted) streams.stderr.write('\n\u001b[?25h');
    if (error instanceof Error && /^(Exit|Abort|Cancel)PromptError$/.test(error.name)) throw broken();
    throw error;
  } finally {
    process.off('beforeExit', abandon);
  }
}
