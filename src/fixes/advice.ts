import type { Step, Treatment } from '../model/plan.ts';

/** What a person is told to do; a command stands on a line of its own. */
export function tell(text: string): Step {
  return { do: 'tell', as: 'target', text };
}

/** A treatment that only tells: advice for these problems. */
export function advice(problems: readonly number[], ...texts: readonly string[]): Treatment {
  return { for: problems, risk: 'manual', steps: texts.map(tell) };
}
