import { expect, test } from 'vitest';
import { lint } from '../../../src/examine/documents.ts';

/** What a file must be found to have: condition, severity, and where that matters the path. */
export type Wanted = readonly [condition: string, severity: 'error' | 'warning' | 'info', path?: string];

export interface Row {
  readonly name: string;
  readonly text: string;
  /** Told apart by content alone where not given. */
  readonly file?: string;
  /** Everything at or above a warning, and the notes that are named. */
  readonly finds: readonly Wanted[];
}

/** The findings of a text, those below a warning left out unless they are asked for. */
export async function found(text: string, file = 'file', notes = false): Promise<readonly Wanted[]> {
  const { checks } = await lint({ path: file, text, file: null });
  return checks
    .flatMap(({ problems }) => problems)
    .filter(({ severity }) => notes || severity !== 'info')
    .map(({ condition, severity, subject }): Wanted => [condition, severity, subject]);
}

export function testFiles(rows: readonly Row[]): void {
  test.each(rows)('$name', async ({ text, file, finds }) => {
    const notes = finds.some(([, severity]) => severity === 'info');
    const all = await found(text, file, notes);
    const wanted = finds.map(([condition, severity, path], index) => {
      const at =
        path ?? all.filter(([one, grave]) => one === condition && grave === severity)[0]?.[2] ?? `row ${index}`;
      return [condition, severity, at];
    });
    const relevant = notes
      ? all.filter(([one, grave]) => grave !== 'info' || finds.some(([other]) => other === one))
      : all;
    expect([...relevant].toSorted()).toEqual(wanted.toSorted());
  });
}

const indented = (text: string, blanks: number): string =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `${' '.repeat(blanks)}${line}\n`)
    .join('');

export interface PodParts {
  readonly image?: string;
  /** Null: none. */
  readonly args?: string | null;
  /** YAML of the securityContext; null: none. */
  readonly security?: string | null;
  /** More fields of the container, of the pod's spec. */
  readonly container?: string;
  readonly spec?: string;
  readonly annotations?: string;
  readonly volumes?: string;
  readonly mounts?: string;
}

export const ROOTLESS = 'moby/buildkit:v0.32.2-rootless';
export const ROOTFUL = 'moby/buildkit:v0.32.2';
export const PROFILES = 'seccompProfile: {type: Unconfined}\nappArmorProfile: {type: Unconfined}';
export const STATE = '/home/user/.local/share/buildkit';

/** A pod that works, with parts of it said otherwise. */
export function pod(parts: PodParts = {}): string {
  const { image = ROOTLESS, args = '[--oci-worker-no-process-sandbox]', security = PROFILES } = parts;
  return [
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: buildkitd\n',
    parts.annotations === undefined ? '' : `  annotations:\n${indented(parts.annotations, 4)}`,
    'spec:\n',
    indented(parts.spec ?? '', 2),
    '  containers:\n    - name: buildkitd\n',
    `      image: ${image}\n`,
    args === null ? '' : `      args: ${args}\n`,
    security === null ? '' : `      securityContext:\n${indented(security, 8)}`,
    indented(parts.container ?? '', 6),
    parts.mounts === undefined ? '' : `      volumeMounts:\n${indented(parts.mounts, 8)}`,
    parts.volumes === undefined ? '' : `  volumes:\n${indented(parts.volumes, 4)}`,
  ].join('');
}
