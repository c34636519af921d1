import type { HostReader } from '../../model/look.ts';
import type { Step } from '../../model/plan.ts';
import { Unseen } from '../../model/unseen.ts';
import { digestOf } from '../disk/digest.ts';
import { Refused } from '../disk/refused.ts';
import { applyEdit } from '../disk/text-edit.ts';
import { tomlEditorFor } from '../disk/toml.ts';
import { BeyondShell, type Word } from './shell-word.ts';

/** What a step makes of its file: texts (null: no file), and the digests that later steps of the script give it. */
export interface Made {
  readonly before: string | null;
  readonly after: string | null;
  readonly later: readonly string[];
}
/** For each step that changes a file, or why it cannot stand in a script. */
export type Foreseen = ReadonlyMap<Step, Made | Refused | BeyondShell>;

const LIMIT = 16 * 1024 * 1024;

/** What each step will find and leave, each building on those before it. */
export async function foresee(steps: readonly Step[], host: HostReader): Promise<Foreseen> {
  const texts = new Map<string, string | null>();
  const made: { step: Step; path: string; before: string | null; after: string | null }[] = [];
  const foreseen = new Map<Step, Made | Refused | BeyondShell>();
  for (const step of steps) {
    if (step.do !== 'edit' && step.do !== 'remove') continue;
    const { path } = step;
    try {
      const before = texts.has(path) ? (texts.get(path) ?? null) : step.do === 'edit' ? await textOf(step, host) : null;
      const after = step.do === 'edit' ? applyEdit(before, step.edit, await tomlEditorFor([step.edit])) : null;
      texts.set(path, after);
      made.push({ step, path, before, after });
    } catch (error) {
      if (!(error instanceof Refused || error instanceof BeyondShell)) throw error;
      foreseen.set(step, error);
    }
  }
  for (const [index, { step, path, before, after }] of made.entries()) {
    const later = made.slice(index + 1).filter((other) => other.path === path);
    foreseen.set(step, { before, after, later: later.map((other) => digestOfText(other.after)) });
  }
  return foreseen;
}

export const digestOfText = (text: string | null): string => (text === null ? 'none' : digestOf(text));

async function textOf(step: Extract<Step, { do: 'edit' }>, host: HostReader): Promise<string | null> {
  try {
    const kind = step.edit.edit === 'toml' ? 'toml' : undefined;
    const reading = await host.read(step.path, step.as === 'root' ? 'self' : step.as, LIMIT, kind);
    if (reading?.masked) throw new BeyondShell(`${step.path} holds what may be a secret, which no script repeats`);
    if (reading !== null && !reading.utf8) throw new BeyondShell(`${step.path} is not UTF-8 text`);
    return reading?.text ?? null;
  } catch (error) {
    if (error instanceof Unseen) throw new BeyondShell(error.why);
    throw error;
  }
}

/** How the new text is made of the old one, line by line: what does not change is not in the script. */
export async function recipeOf(before: string | null, after: string): Promise<readonly Word[]> {
  if (after === '') return [];
  if (before === null || before === '') return ['add', { text: after }];
  const { diffLines } = await import('diff');
  return diffLines(before, after).flatMap(({ added, removed, value, count }): readonly Word[] =>
    added ? ['add', { text: value }] : [removed ? 'drop' : 'keep', count],
  );
}
