import { FAILURES } from '../knowledge/symptoms/failures.ts';
import { SIGNS } from '../knowledge/symptoms/signs.ts';
import type { OtherFailure, Sign, Symptom } from '../knowledge/symptoms/symptom.ts';
import { SYMPTOMS } from '../knowledge/symptoms/table.ts';
import { type Automaton, automatonOf } from './automaton.ts';
import { compiled, expanded, type Signature } from './signature.ts';

/** A row of one of the tables, ready to be seen. */
export interface Subject {
  readonly number: number;
  readonly symptom: Symptom | null;
  readonly failure: OtherFailure | null;
  readonly sign: Sign | null;
  readonly unless: readonly string[];
  readonly where: 'step' | 'outside' | null;
  readonly longerThan: number;
}

/** The tables made ready for reading. */
export interface Knowledge {
  readonly automaton: Automaton;
  readonly subjects: readonly Subject[];
  readonly signatures: readonly { readonly signature: Signature; readonly subject: Subject }[];
  /** The signatures that a word of the automaton leads to. */
  readonly words: readonly (readonly number[])[];
}

export function knowledgeOf(
  symptoms: readonly Symptom[] = SYMPTOMS,
  failures: readonly OtherFailure[] = FAILURES,
  signs: readonly Sign[] = SIGNS,
): Knowledge {
  const rows = [
    ...symptoms.map((symptom) => ({ symptom, failure: null, sign: null, row: symptom })),
    ...failures.map((failure) => ({ symptom: null, failure, sign: null, row: failure })),
    ...signs.map((sign) => ({
      symptom: null,
      failure: null,
      sign,
      row: { ...sign, unless: [], where: undefined, longerThan: undefined },
    })),
  ];
  const subjects = rows.map(
    ({ symptom, failure, sign, row }, number): Subject => ({
      number,
      symptom,
      failure,
      sign,
      unless: row.unless ?? [],
      where: row.where ?? null,
      longerThan: row.longerThan ?? 0,
    }),
  );
  const signatures = rows.flatMap(({ row }, number) => {
    const subject = subjects[number];
    if (subject === undefined) return [];
    return [...new Set(row.says.flatMap(expanded))].map((text) => ({ signature: compiled(text), subject }));
  });
  const anchors = new Map<string, number[]>();
  signatures.forEach(({ signature }, number) => {
    const found = anchors.get(signature.anchor) ?? [];
    anchors.set(signature.anchor, [...found, number]);
  });
  return {
    automaton: automatonOf([...anchors.keys()]),
    subjects,
    signatures,
    words: [...anchors.values()],
  };
}
