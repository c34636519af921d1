import { Busy, openRun, Refused } from '../../apply/index.ts';
import type { FoundDocument } from '../../host/documents.ts';
import { UsageError } from '../../host/usage-error.ts';
import { visible } from '../../text/visible.ts';
import { applyContext } from '../call/apply-context.ts';
import { openOurselves } from '../call/ourselves.ts';
import type { Session } from '../call/session.ts';

/** A file with what is to stand in it. */
interface MendedFile {
  readonly file: NonNullable<FoundDocument['file']>;
  readonly text: string;
}

/**
 * Writes mended files through the journal, as one run that `undo` takes back as a whole. Answers the paths of those that could
 * not be changed, which is told. Throws UsageError where none could.
 */
export async function writeMends(session: Session, mends: readonly MendedFile[]): Promise<ReadonlySet<string>> {
  const opened = await openOurselves(session);
  const context = await applyContext(session, opened, () => {});
  const refused = new Map<string, string>();
  try {
    const paths = mends.map(({ file }) => file.path);
    const run = await openRun({ ...context, permitted: [...context.permitted, ...paths] });
    try {
      for (const { file, text } of mends) {
        const { path, digest, mode, owner } = file;
        const as = owner.uid === 0 ? 'root' : 'target';
        const done = await run.carryOut('lint/file', {
          for: [],
          risk: 'safe',
          steps: [{ do: 'edit', as, path, expects: digest, edit: { edit: 'whole', text }, mode, owner }],
        });
        if (done.result === 'failed') refused.set(path, done.message ?? 'the change failed');
      }
    } finally {
      await run.close();
    }
  } catch (error) {
    if (error instanceof Busy || error instanceof Refused)
      throw new UsageError(`nothing was changed: ${error.message}`);
    throw error;
  } finally {
    await opened.close();
  }
  const said = [...refused].map(([path, why]) => `${visible(path)} was not changed: ${why}`);
  if (refused.size === mends.length) throw new UsageError(said.join('; '));
  for (const words of said) session.notice(words);
  return new Set(refused.keys());
}
