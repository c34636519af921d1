import { OUR_DROP_IN, type UnitEdit, type UnitPlace } from '../../facts/rights/unit-edit.ts';
import type { Step } from '../../model/plan.ts';

/** What is written into a unit, by section. */
export type UnitLines = { readonly [section in 'Unit' | 'Service' | 'Socket' | 'Install']?: readonly string[] };

/** The text of a unit or of a drop-in. */
export function unitText(lines: UnitLines): string {
  return Object.entries(lines)
    .filter(([, own]) => own.length > 0)
    .map(([section, own]) => `[${section}]\n${own.map((line) => `${line}\n`).join('')}`)
    .join('\n');
}

/** A call of systemctl for the manager of that place. */
export function systemctl(
  { as, scope }: Pick<UnitPlace, 'as' | 'scope'>,
  words: readonly string[],
  undo: readonly string[] | null,
  why: string,
): Step {
  const call = (args: readonly string[]): readonly string[] => [
    'systemctl',
    ...(scope === 'user' ? ['--user'] : []),
    ...args,
  ];
  return { do: 'run', as, argv: call(words), undo: undo === null ? null : call(undo), why };
}

/**
 * Steps that change what a manager reads, between two of its readings: undo goes the other way, so that the first one lets it
 * read what there was before.
 */
export function reread(place: UnitPlace, steps: readonly Step[]): readonly Step[] {
  if (!place.runs) return steps;
  const read = (why: string): Step => systemctl(place, ['daemon-reload'], ['daemon-reload'], why);
  return [
    read('Let systemd read its units as they are (and again after an undo)'),
    ...steps,
    read('Let systemd read the change'),
  ];
}

/** Drops lines into a unit, below what bk-doctor has dropped in there before. `topic`: one file a check. */
export function dropIn(edit: UnitEdit, unit: string, topic: string, lines: UnitLines): readonly Step[] {
  const directory = `${edit.directory}/${unit}.d`;
  const path = `${directory}/${OUR_DROP_IN}-${topic}.conf`;
  const before = edit.dropped[path];
  const { as, owner } = edit;
  const made: Step = { do: 'directory', as, path: directory, mode: 0o755, owner };
  const text = unitText(lines);
  const put: Step = {
    do: 'edit',
    as,
    path,
    expects: before?.digest ?? null,
    edit: { edit: 'whole', text: before === undefined ? text : `${before.text}\n${text}` },
    mode: 0o644,
    owner,
  };
  return edit.directories.includes(directory) ? [put] : [made, put];
}
