import { Refused } from './disk/refused.ts';
import type { Announced, RunFiles } from './journal/store.ts';
import type { Deed } from './kinds.ts';
import { endLeftovers } from './leftovers.ts';
import { backupName, doneOf, type TransactionContext, tell, withDeed } from './room.ts';
import { masks, touchedBy } from './touches.ts';

/** Takes back every deed, last first. Throws Refused, before anything is touched, when somebody changed what one of them left. */
export async function takeBackSteps(room: TransactionContext): Promise<readonly string[]> {
  const { context, transaction } = room;
  await endLeftovers(transaction.mark, context.identity);
  const files = await room.files();
  const open = transaction.deeds.filter(({ undone }) => !undone).toReversed();
  const refusals: Refused[] = [];
  const looked = new Set<Announced>();
  for (const [at, announced] of open.entries()) {
    const done = doneOf(transaction, announced);
    // What a later deed of the same transaction covers shows itself only when that one is taken back.
    if (open.slice(0, at).some((later) => masks(doneOf(transaction, later), done))) continue;
    try {
      await withDeed(room, files, announced, (doer, deed, work, backup) =>
        doer.standing(deed, announced.prepared, work, backup),
      );
      looked.add(announced);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusals.push(error);
    }
  }
  const [refusal] = refusals;
  if (refusal !== undefined)
    throw new Refused(
      refusal.message,
      refusals.flatMap(({ paths }) => paths),
    );
  for (const [at, announced] of open.entries()) {
    tell(context, transaction, announced.step, 'taking-back');
    try {
      await withDeed(room, files, announced, async (doer, deed, work, backup) => {
        if (!looked.has(announced)) await doer.standing(deed, announced.prepared, work, backup);
        await takeBackOne(
          room,
          files,
          announced.step,
          () => doer.takeBack(deed, announced.prepared, work, backup),
          deed,
        );
      });
    } catch (error) {
      if (!(error instanceof Refused) || at === 0) throw error;
      throw new Refused(`${error.message} (the steps after it are undone already)`, error.paths);
    }
    await files.journal.append({ entry: 'undone', transaction: transaction.id, step: announced.step });
    const index = transaction.deeds.indexOf(announced);
    transaction.deeds[index] = { ...announced, undone: true };
  }
  await files.journal.append({ entry: 'taken-back', transaction: transaction.id });
  for (const { step } of transaction.deeds) files.dropBackup(backupName(transaction, step));
  return [...new Set(open.flatMap((announced) => touchedBy(doneOf(transaction, announced)) ?? []))];
}

/** Of a command nobody can see afterwards whether its opposite was run; so that is journaled, too. */
async function takeBackOne(
  { context, transaction: { id, ...rest } }: TransactionContext,
  { journal }: RunFiles,
  step: number,
  takeBack: () => Promise<void>,
  deed: Deed,
): Promise<void> {
  if (deed.do === 'run') await journal.append({ entry: 'undoing', transaction: id, step });
  try {
    await takeBack();
  } catch (error) {
    if (deed.do === 'run') await journal.append({ entry: 'not-undone', transaction: id, step });
    throw error;
  }
  tell(context, { id, ...rest }, step, 'taken-back');
}
