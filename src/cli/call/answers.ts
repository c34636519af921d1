import type { History, HistoryRun, HistoryTransaction, UndoReport } from '../../apply/journal/types.ts';
import type { Difference } from '../../compare/diff.ts';
import type { Merged } from '../../compare/merge.ts';
import type { OthersAnswer } from '../../documents/others.ts';
import type { TemplateMode } from '../../documents/templates.ts';
import type { FindingsDocument } from '../../report/file-findings.ts';
import type { ToldReport, ToldStep } from '../../report/formats/json-text.ts';
import type { VerificationAnswer } from '../../report/verification.ts';
import type { Explanation } from '../../symptoms/diagnose.ts';
import type { ListedCheck, ListedCondition } from './knowledge.ts';

/** Every document that bk-doctor prints as JSON, by the command that prints it. The published schemas are made from it. */
export interface Answers {
  /** What bk-doctor check --json and bk-doctor fix --json print. */
  readonly report: ToldReport;
  /** What bk-doctor list --json prints, and show --json of an area. */
  readonly list: ListAnswer;
  /** What bk-doctor show --json prints. */
  readonly show: ListedCheck | ListedCondition;
  /** What bk-doctor history --json prints. */
  readonly history: HistoryAnswer;
  /** What bk-doctor undo --json prints. */
  readonly undo: UndoReport;
  /** What bk-doctor explain --json prints. */
  readonly explain: Explanation;
  /** What bk-doctor verify --json prints. */
  readonly verify: VerificationAnswer;
  /** What bk-doctor lint --json prints. */
  readonly lint: FindingsDocument;
  /** What bk-doctor lint --explain-others --json prints. */
  readonly others: OthersAnswer;
  /** What bk-doctor diff --json prints. */
  readonly diff: Difference;
  /** What bk-doctor merge --json prints. */
  readonly merge: Merged;
  /** What bk-doctor template --json prints. */
  readonly template: TemplateAnswer;
  /** What bk-doctor unredact --json prints. */
  readonly unredact: UnredactAnswer;
}

export interface ListAnswer {
  readonly schema: 1;
  readonly checks: readonly ListedCheck[];
  readonly conditions: readonly ListedCondition[];
}

interface ToldTransaction extends Omit<HistoryTransaction, 'steps'> {
  readonly steps: readonly ToldStep[];
}

interface ToldRun extends Omit<HistoryRun, 'transactions'> {
  readonly transactions: readonly ToldTransaction[];
}

/** The runs of fix, oldest first. */
export interface HistoryAnswer extends Omit<History, 'runs'> {
  readonly runs: readonly ToldRun[];
}

/** A file for a place where BuildKit is to run. */
interface TemplateAnswer {
  readonly schema: 1;
  readonly kind: string;
  readonly mode: TemplateMode;
  readonly text: string;
}

/** An answer with the names of this host. */
interface UnredactAnswer {
  readonly schema: 1;
  readonly text: string;
  /**
   * How many words of it stood for a name.
   * @asType integer
   */
  readonly replaced: number;
}
