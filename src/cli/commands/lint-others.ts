import { annotationsOf, type OthersAnswer, suppressionsFor } from '../../documents/others.ts';
import { described } from '../../documents/subject.ts';
import { createLook } from '../../examine/look.ts';
import type { FoundDocument } from '../../host/documents.ts';

/** What `lint --explain-others` answers, as data and as text. */
export interface Others {
  readonly json: OthersAnswer;
  readonly text: string;
}

/** The suppressions that other linters need for what is right in these files. */
export async function explainOthers(documents: readonly FoundDocument[]): Promise<Others> {
  const files: OthersAnswer['files'][number][] = [];
  const lines: string[] = [];
  for (const { name, text } of documents) {
    if (text === null) continue;
    const { setups } = await createLook({ path: name, text, file: null }).get(described);
    const containers = setups.flatMap((setup) => {
      const suppressions = suppressionsFor(setup);
      if (suppressions.length === 0) return [];
      const { object } = setup.container.pod;
      const whose = object === null ? setup.container.path : `${object.kind} ${object.name ?? ''}`.trim();
      lines.push(
        `# ${name}: metadata.annotations of ${whose}, for the container ${setup.container.name ?? setup.container.path}`,
        ...annotationsOf(suppressions),
      );
      return [{ path: setup.container.path, suppressions }];
    });
    if (containers.length > 0) files.push({ file: name, containers });
  }
  const text = lines.length === 0 ? 'No container of Kubernetes with BuildKit is in these files.' : lines.join('\n');
  return { json: { schema: 1, files }, text: `${text}\n` };
}
