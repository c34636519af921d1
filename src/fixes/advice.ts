import type { Step, Treatment } from '../model/plan.ts';
import { sentence } from '../text/sentence.ts';

/** What a person is told to do: a sentence, and below it what is typed or written, each line by itself. */
export function tell(text: string): Step {
  const [say = '', ...block] = text.split('\n');
  return { do: 'tell', as: 'target', text: [sentence(say), ...block].join('\n') };
}

/** A treatment that only tells: advice for these problems. */
export function advice(problems: readonly number[], ...texts: readonly string[]): Treatment {
  return { for: problems, risk: 'manual', steps: texts.map(tell) };
}
