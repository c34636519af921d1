import type { ContainerEvidence } from '../../checks/container/judging.ts';
import type { Container } from '../../documents/container.ts';
import { type Described, type DocumentSubject, described } from '../../documents/subject.ts';
import type { Engine } from '../../knowledge/engines.ts';
import type { Problem } from '../../model/decide.ts';
import type { Fact, Owner } from '../../model/look.ts';
import type { Fix, Step, Treatment } from '../../model/plan.ts';
import { type Change, changed } from './change.ts';

/** One finding, with everything that its remedy is planned from. */
export interface Ailment {
  readonly problem: Problem<ContainerEvidence>;
  readonly document: Described;
  readonly text: string;
  /** The container that it is about; null where it is about none. */
  readonly container: Container | null;
  readonly values: ContainerEvidence['values'];
  /** Whose words are to be used. */
  readonly engine: Engine;
}

/** What a person does, in the words of the file; and the same as a change of its text, where that can be said. */
export interface Remedy {
  readonly say: readonly string[];
  readonly changes?: readonly Change[] | null;
  /** What it weakens, or whose choice it is; a remedy with it is risky. */
  readonly consequence?: string;
}

/** What the flag without a process sandbox weakens. */
export const SHARED_PROCESSES = 'RUN steps can then see, trace and end the processes of buildkitd.';

export type Remedies = { readonly [what: string]: (ailment: Ailment) => Remedy };

/** Where the text of the document can be changed; null: it came from a pipe. */
export const writable: Fact<DocumentSubject['file'], DocumentSubject> = {
  id: 'document/writable',
  read: async ({ file }) => file,
};

const needs = { document: described, file: writable };

/** A fix that looks up what each finding calls for. */
export function fixBy(title: string, remedies: Remedies): Fix<typeof needs, ContainerEvidence, DocumentSubject> {
  return {
    title,
    needs,
    plan: (problems, { document, file }) =>
      problems.flatMap((problem, index): readonly Treatment[] => {
        const remedy = remedies[problem.evidence.what]?.(ailmentOf(problem, document));
        return remedy === undefined ? [] : [treatmentOf(index, remedy, document, file)];
      }),
  };
}

function ailmentOf(problem: Problem<ContainerEvidence>, document: Described): Ailment {
  const path = problem.evidence.container;
  const container =
    path === null
      ? null
      : (document.pods
          .flatMap(({ containers }) => containers)
          .find((one) => one.path === path && isAround(one, problem, document)) ?? null);
  const engine = container === null || container.engine === 'ci' ? 'other' : container.engine;
  return { problem, document, text: document.text, container, values: problem.evidence.values, engine };
}

/** Two documents of one file may have the same path in them. */
function isAround(container: Container, { at }: Problem<ContainerEvidence>, document: Described): boolean {
  const same = document.pods.flatMap(({ containers }) => containers).filter(({ path }) => path === container.path);
  if (same.length < 2 || at === undefined) return true;
  const line = document.lines.lineOf(container.span.start);
  const nearest = same.toSorted(
    (a, b) =>
      Math.abs(document.lines.lineOf(a.span.start) - at.line) - Math.abs(document.lines.lineOf(b.span.start) - at.line),
  )[0];
  return nearest === container || line === at.line;
}

function treatmentOf(index: number, remedy: Remedy, { text }: Described, file: DocumentSubject['file']): Treatment {
  const { say, changes, consequence } = remedy;
  const tells = say.map((words): Step => ({ do: 'tell', as: 'target', text: words }));
  if (changes == null || changes.length === 0 || file === null) return { for: [index], risk: 'manual', steps: tells };
  const edit: Step = {
    do: 'edit',
    as: file.owner.uid === 0 ? 'root' : 'target',
    path: file.path,
    expects: file.digest,
    edit: { edit: 'whole', text: changed(text, changes) },
    mode: file.mode,
    owner: file.owner as Owner,
  };
  const risk = consequence === undefined ? 'safe' : 'risky';
  return { for: [index], risk, ...(consequence === undefined ? {} : { consequence }), steps: [...tells, edit] };
}
