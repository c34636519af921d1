import type { As, HostReader, ReadingKind } from '../model/look.ts';
import type { Step } from '../model/plan.ts';
import { Unseen } from '../model/unseen.ts';
import { stepText } from '../text/steps.ts';
import { visible } from '../text/visible.ts';
import { Refused } from './disk/refused.ts';
import { applyEdit } from './disk/text-edit.ts';
import { editsOf, tomlEditorFor } from './disk/toml.ts';

const LIMIT = 16 * 1024 * 1024;

/** What the steps would do: unified diffs of edits, and one line for each other step. Null when there is nothing to show. Reads only. */
export async function preview(steps: readonly Step[], host: HostReader): Promise<{ diff: string | null }> {
  const parts: string[] = [];
  const editToml = await tomlEditorFor(editsOf(steps));
  for (const { path, as, edits } of editedFiles(steps)) {
    try {
      const before = (await host.read(path, as, LIMIT, kindOfEdits(edits)))?.text ?? null;
      const after = edits.reduce<string | null>((text, { edit }) => applyEdit(text, edit, editToml), before);
      parts.push(await diffOf(path, before, after));
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unseen)) throw error;
      parts.push(`# ${visible(path)}: ${error.message}\n`);
    }
  }
  for (const step of steps)
    if (step.do !== 'edit' && step.do !== 'tell') {
      const { say, block } = stepText(step);
      parts.push(`# ${[say, ...block].map(visible).join(' ')}\n`);
    }
  const diff = parts.join('');
  return { diff: diff === '' ? null : diff };
}

interface EditedFile {
  readonly path: string;
  readonly as: As;
  readonly edits: readonly Extract<Step, { do: 'edit' }>[];
}

/** What is edited as TOML is TOML, whatever it is called. */
function kindOfEdits(edits: EditedFile['edits']): ReadingKind | undefined {
  return edits.some(({ edit }) => edit.edit === 'toml') ? 'toml' : undefined;
}

/** Each file once, with what is done to it in order. */
function editedFiles(steps: readonly Step[]): readonly EditedFile[] {
  const edits = steps.filter((step) => step.do === 'edit');
  return [...new Set(edits.map(({ path }) => path))].map((path) => {
    const own = edits.filter((step) => step.path === path);
    const as = own[0]?.as ?? 'self';
    return { path, as: as === 'root' ? 'self' : as, edits: own };
  });
}

/** `/dev/null` stands for a file that does not exist, as in every diff. */
async function diffOf(path: string, before: string | null, after: string | null): Promise<string> {
  if (before === after) return '';
  const { createTwoFilesPatch } = await import('diff');
  const name = visible(path);
  const patch = createTwoFilesPatch(
    before === null ? '/dev/null' : name,
    after === null ? '/dev/null' : name,
    before ?? '',
    after ?? '',
    undefined,
    undefined,
    { context: 3 },
  );
  return patch.slice(patch.indexOf('--- '));
}
