export { Busy, NoSuchTransaction, Refused } from './disk/refused.ts';
export { history } from './journal/history.ts';
export { stateDirectory } from './journal/state-directory.ts';
export type {
  ApplyContext,
  CarriedOut,
  CheckTreatment,
  History,
  HistoryRun,
  HistoryTransaction,
  Progress,
  Run,
  StepOutcome,
  TransactionState,
  UndoneTransaction,
  UndoReport,
} from './journal/types.ts';
export { preview } from './preview.ts';
export { openRun } from './run.ts';
export { script } from './script/script.ts';
export { undo, wouldUndo } from './undo.ts';
