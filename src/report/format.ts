import type { CheckReport, Report } from '../model/say.ts';
import type { Explanation } from '../symptoms/diagnose.ts';
import type { Appearance } from './pen.ts';
import type { Chosen } from './plan.ts';
import type { Commands } from './summary.ts';
import type { ShownVerification } from './verification.ts';

/** A file that somebody wrote, and what its examination says. `skipped`: why it was not examined. */
export interface ExaminedFile {
  readonly file: string;
  readonly kind: string;
  readonly skipped: string | null;
  readonly checks: readonly CheckReport[];
  /** To show the lines that findings are about. */
  readonly text?: string;
  /** How it would be mended, or was. */
  readonly mended?: { readonly diff: string; readonly written: boolean };
}

/** What can be shown, by kind. A `plan` is a report whose fixes have their diffs. */
export interface Documents {
  /** `lead`: a sentence that comes before everything else. */
  readonly report: { readonly report: Report; readonly commands: Commands; readonly lead?: string | null };
  /** `order`: which fixes of the report would be carried out, in that order. */
  readonly plan: { readonly report: Report; readonly commands: Commands; readonly order: readonly Chosen[] };
  readonly verification: ShownVerification;
  readonly findings: readonly ExaminedFile[];
  readonly explanation: Explanation;
  /** Whatever else a command answers: a value for programs, and its words for a person. */
  readonly answer: { readonly value: unknown; readonly words: (appearance: Appearance) => string | Promise<string> };
}
export type Kind = keyof Documents;

/** How text is laid out where it will be read; nothing of it changes what is said. */
export interface Layout extends Appearance {
  /** Only findings and the verdict. */
  readonly quiet: boolean;
  /** Also passes, notes, evidence, the settings and the inventory. */
  readonly verbose: boolean;
}

/** A form in which documents are shown: one file, and one line in formats.ts. */
export interface Format {
  readonly name: string;
  /** Made to be sent away: names of people, homes, hosts and addresses are replaced unless somebody wants them. */
  readonly hidesNames: boolean;
  /** Read by monitors and seen by everybody: no name is ever in it, whatever somebody wants. */
  readonly carriesNoNames?: true;
  /** Of a file with it: 0600 if nothing else is said. */
  readonly mode?: number;
  /** Of a file that holds it, with its dot. */
  readonly ending: string;
  /** Of `check`, where the format's readers have codes of their own. */
  readonly exitCode?: (report: Report) => 0 | 1 | 2 | 3;
  /** The kinds of document that it can show. */
  readonly shows: { readonly [K in Kind]?: (document: Documents[K], layout: Layout) => string | Promise<string> };
}
