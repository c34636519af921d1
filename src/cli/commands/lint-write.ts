import { Busy, openRun, Refused } from '../../apply/index.ts';
import type { FoundDocument } from '../../host/documents.ts';
import { UsageError } from '../../host/usage-error.ts';
import { visible } from '../../text/visible.ts';
import { applyContext } from '../call/apply-context.ts';
import { openOurselves } from '../call/ourselves.ts';
import type { Session } from '../call/session.ts';

/** Writes a mended file through the journal, so that `undo` takes it back. Throws UsageError where that is refused. */
export async function writeMend(
  session: Session,
  file: NonNullable<FoundDocument['file']>,
  text: string,
): Promise<void> {
  const opened = await openOurselves(session);
  const context = await applyContext(session, opened, () => {});
  const refused = (why: string): UsageError => new UsageError(`${visible(file.path)} was not changed: ${why}`);
  try {
    const run = await openRun({ ...context, permitted: [...context.permitted, file.path] });
    try {
      const { path, digest, mode, owner } = file;
      const as = owner.uid === 0 ? 'root' : 'target';
      const done = await run.carryOut('lint/file', {
        for: [],
        risk: 'safe',
        steps: [{ do: 'edit', as, path, expects: digest, edit: { edit: 'whole', text }, mode, owner }],
      });
      if (done.result === 'failed') throw refused(done.message ?? 'the change failed');
    } finally {
      await run.close();
    }
  } catch (error) {
    if (error instanceof Busy || error instanceof Refused) throw refused(error.message);
    throw error;
  } finally {
    await opened.close();
  }
}
