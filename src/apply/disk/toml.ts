import type { Edit, Step } from '../../model/plan.ts';
import { Refused } from './refused.ts';
import type { EditToml } from './text-edit.ts';

const none: EditToml = () => {
  throw new Refused('TOML is edited here only where it is asked for');
};

/** The editor of TOML documents, loaded only where one is edited; what it will not do becomes Refused. */
export async function tomlEditorFor(edits: readonly Edit[]): Promise<EditToml> {
  if (!edits.some((edit) => edit.edit === 'toml')) return none;
  const { editToml, TomlEditRefused } = await import('../../buildkit/toml/edit.ts');
  return (text, changes) => {
    try {
      return editToml(text, changes);
    } catch (error) {
      if (error instanceof TomlEditRefused) throw new Refused(error.message);
      throw error;
    }
  };
}

export function editsOf(steps: readonly Step[]): readonly Edit[] {
  return steps.flatMap((step) => (step.do === 'edit' ? [step.edit] : []));
}
