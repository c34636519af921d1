import type { CheckReport } from '../model.ts';
import { planText } from '../report/plan.ts';
import { visible } from '../report/visible.ts';
import type { Planned } from '../treat.ts';
import { appearanceOf } from './appearance.ts';
import type { Globals } from './globals.ts';
import { Interrupted, type Session } from './session.ts';

/** Shows every plan with its diff and asks which to carry out; what weakens something must be picked on purpose. */
export async function choose(
  { streams, signal }: Session,
  { color }: Globals,
  planned: readonly Planned[],
  { risky, reports }: { readonly risky: boolean; readonly reports: readonly CheckReport[] },
): Promise<readonly Planned[]> {
  const { stdin, stderr, env } = streams;
  const look = appearanceOf(stderr, env, color);
  const proposals = planned.map(({ check, fix }) => {
    const report = reports.find(({ id }) => id === check);
    return report === undefined ? { check, fix } : { check, fix, report };
  });
  stderr.write(`${planText(proposals, look)}\n`);
  const choices = planned.map(({ check, title, fix }, index) => ({
    value: index,
    name: `${index + 1}. ${check}: ${visible(title)}${fix.risk === 'risky' ? ' (risky)' : ''}`,
    short: check,
    checked: fix.risk === 'safe' || (fix.risk === 'risky' && risky),
    disabled: whyNot(fix, process.geteuid?.() === 0),
    ...(fix.consequence === undefined ? {} : { description: `Consequence: ${visible(fix.consequence)}` }),
  }));
  if (choices.every(({ disabled }) => disabled !== false)) return [];
  const { createPromptModule } = (await import('inquirer')).default;
  const ask = createPromptModule({ input: stdin, output: stderr, signal });
  try {
    const { chosen } = await ask<{ chosen: readonly number[] }>([
      {
        type: 'checkbox',
        name: 'chosen',
        message: 'Which of these are to be carried out?',
        choices,
        loop: false,
        pageSize: 12,
      },
    ]);
    return planned.filter((_plan, index) => chosen.includes(index));
  } catch (error) {
    if (error instanceof Error && /^(Exit|Abort|Cancel)PromptError$/.test(error.name))
      throw new Interrupted('broken off: what was not chosen is as it was');
    throw error;
  }
}

/** Why it cannot be chosen here; false when it can. */
function whyNot({ risk, needs }: Planned['fix'], isRoot: boolean): string | false {
  if (risk === 'manual') return '(by hand)';
  return needs === 'root' && !isRoot ? '(needs root)' : false;
}
