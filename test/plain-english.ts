import { expect } from 'vitest';
import type { Step } from '../src/model/plan.ts';
import type { CheckReport } from '../src/model/say.ts';

/** Words for which there are plain ones. */
const RIDDLES =
  /without a word|taken? (it |them )?back|is nobody's|are nobody's|nobody else’s|for nothing\b|passe?s? over|less than nothing|reads? .* otherwise than|list of texts|\bis no value\b/;
/** A lower-case word that begins a sentence is a name; these are none. */
const NO_NAME =
  /^(a (?:build|daemon|directory|file|process|service|socket|unit)|an|the|this|that|these|another|no|not|nothing|neither|of|with|without|in|on|at|by|from|for|to|as|it|its|they|both|all|every|each|some|only|what|which|who|whoever|where|when|whether|if|there|choose|give|install|leave|let|make|put|remove|repair|see|set|take|type|use|write)\b(?![-./:=])/;
const ENDED = /[.!?…]["”’)]?$/;

/** The one rule of what people read: sentences, in the words of the field. */
export function faultsOf(text: string, ends: 'stop' | 'stop or colon' | 'none'): readonly string[] {
  const faults: string[] = [];
  if (NO_NAME.test(text)) faults.push('begins with a small letter');
  if (RIDDLES.test(text)) faults.push(`says “${RIDDLES.exec(text)?.[0]}”`);
  if (ends === 'none' && /[.:]$/.test(text)) faults.push('ends like a sentence');
  if (ends !== 'none' && !ENDED.test(text) && !(ends === 'stop or colon' && text.endsWith(':')))
    faults.push('has no full stop');
  if (/[^.]\.\.$|\s$/.test(text)) faults.push('has blanks or stops too many');
  return faults.map((fault) => `${fault}: ${text}`);
}

/** What a step tells: a sentence, then what stands literally in a file or is typed, a line each. */
export function faultsOfStep(step: Step): readonly string[] {
  if (step.do === 'run') return faultsOf(`${step.why.replace(/[.:]\s*$/, '')}:`, 'stop or colon');
  if (step.do !== 'tell') return [];
  const [first = '', ...block] = step.text.split('\n');
  return faultsOf(first, block.length > 0 ? 'stop or colon' : 'stop');
}

/** Every sentence of a report is one. */
export function demandPlainEnglish({ problems, fixes, reason }: CheckReport): void {
  expect([
    ...problems.flatMap(({ message }) => faultsOf(message, 'stop')),
    // It stands after a colon.
    ...(reason === null || reason === '' ? [] : faultsOf(`X: ${reason}`, 'none')),
    ...fixes.flatMap(({ consequence }) => (consequence === undefined ? [] : faultsOf(consequence, 'stop'))),
    ...fixes.flatMap(({ steps }) => steps.flatMap(faultsOfStep)),
  ]).toEqual([]);
}
