export { history } from './history.ts';
export { preview } from './preview.ts';
export { Busy, NoSuchTransaction, Refused } from './refused.ts';
export { openRun } from './run.ts';
export { script } from './script.ts';
export { stateDirectory } from './state-directory.ts';
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
} from './types.ts';
export { undo } from './undo.ts';
