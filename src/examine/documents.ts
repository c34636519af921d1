import { type BuildSubject, buildKind } from '../builds/subject.ts';
import { type DocumentSubject, described } from '../documents/subject.ts';
import { documentCatalog } from '../documents-catalog.ts';
import type { Problem } from '../model/decide.ts';
import type { CheckReport, PlannedFix } from '../model/say.ts';
import { examine } from './examine.ts';
import { createLook } from './look.ts';

/** What the examination of one file says. */
export interface Linted {
  readonly kind: string;
  readonly skipped: string | null;
  readonly checks: readonly CheckReport[];
}

/** What is found in a file of all builds among the files that are given with it. */
export type Findings = BuildSubject['findings'];
const none: Findings = () => [];

/** Examines a text by all checks of files. */
export async function lint(document: DocumentSubject, findings: Findings = none): Promise<Linted> {
  const subject: BuildSubject = { ...document, findings };
  const look = createLook(subject);
  const { kind, skipped } = await look.get(described);
  if (skipped === null)
    return { kind, skipped, checks: await examine(look, documentCatalog, { isSelected: () => true }) };
  // What describes no container may still build an image.
  const build = await look.get(buildKind);
  if (build === null) return { kind, skipped, checks: [] };
  const checks = await examine(look, documentCatalog, { isSelected: (id) => id.startsWith('build/') });
  return { kind: build, skipped: null, checks };
}

/** A text with its mends, and what is left. */
export interface Mended {
  readonly text: string;
  /** Messages of what was mended. */
  readonly mended: readonly string[];
  readonly left: Linted;
}

/** One after the other, each judged again: a mend that does not cure its problem, or brings another error, is not made. */
const MOST_MENDS = 60;

export async function mend(subject: DocumentSubject, risky: boolean, findings: Findings = none): Promise<Mended> {
  let now = subject;
  let left = await lint(now, findings);
  const mended: string[] = [];
  const tried = new Set<string>();
  for (let number = 0; number < MOST_MENDS; number++) {
    const next = candidates(left).find(
      ({ problem, fix }) => (risky || fix.risk === 'safe') && !tried.has(keyOf(problem)),
    );
    if (next === undefined) break;
    const step = next.fix.steps.find((one) => one.do === 'edit');
    tried.add(keyOf(next.problem));
    if (step?.do !== 'edit' || step.edit.edit !== 'whole') continue;
    const text = step.edit.text;
    const then = await lint({ ...now, text }, findings);
    if (!isBetter(left, then, next.problem)) continue;
    now = { ...now, text };
    left = then;
    mended.push(next.problem.message);
  }
  return { text: now.text, mended, left };
}

function candidates({ checks }: Linted): readonly { readonly problem: Problem; readonly fix: PlannedFix }[] {
  return checks.flatMap(({ problems, fixes }) =>
    fixes.flatMap((fix) => {
      const problem = problems[fix.for[0] ?? -1];
      return fix.risk === 'manual' || problem === undefined || problem.severity === 'info' ? [] : [{ problem, fix }];
    }),
  );
}

const keyOf = ({ condition, subject, message, at }: Problem): string =>
  `${condition}\n${subject}\n${message}\n${at?.column ?? 0}`;

const all = ({ checks }: Linted): readonly Problem[] => checks.flatMap(({ problems }) => problems);

/** The problem is gone, the file is what it was, and nothing graver has come. */
function isBetter(before: Linted, after: Linted, { condition, message }: Problem): boolean {
  if (after.skipped !== null || after.kind !== before.kind) return false;
  const number = (of: Linted): number =>
    all(of).filter((one) => one.condition === condition && one.message === message).length;
  if (number(after) >= number(before)) return false;
  const known = new Set(all(before).map((one) => one.condition));
  return all(after).every((one) => one.severity !== 'error' || known.has(one.condition));
}
