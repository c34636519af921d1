import type { Condition } from '../model/decide.ts';
import type { Diagnosis } from '../symptoms/diagnose.ts';
import { visible } from '../text/visible.ts';

/** What `bk-doctor verify` found, as its JSON says it. */
export interface VerificationAnswer {
  readonly schema: 1;
  readonly ok: boolean;
  readonly stages: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly durationMs: number;
    readonly message: string | null;
  }[];
  readonly snapshotter: string | null;
  readonly log: readonly string[];
  readonly diagnoses: readonly {
    readonly check: string;
    readonly condition: Condition;
    readonly message: string;
    readonly docs: string;
    /** Why it matters and what to do about it; a line that begins with "$ " is a command. */
    readonly why: string;
    readonly remedy: readonly string[];
  }[];
  /** What the words of the programs tell, as `explain` would of the same log. */
  readonly told: readonly Diagnosis[];
}

/** The answer for a person: a line a stage, the last lines of what failed, and what explains it. */
export function verificationText(answer: VerificationAnswer): string {
  const lines = answer.stages.map(({ name, ok, durationMs, message }) => {
    const note = message === null ? '' : `: ${visible(message)}`;
    return `${ok ? 'ok    ' : 'FAILED'}  ${visible(name).padEnd(8)}  ${String(durationMs).padStart(6)} ms${note}`;
  });
  if (answer.log.length > 0) lines.push('', 'What was said last:', ...answer.log.map((line) => `  ${visible(line)}`));
  if (answer.diagnoses.length > 0) {
    lines.push('', 'What explains it:');
    for (const { check, message, remedy } of answer.diagnoses)
      lines.push(`  ${visible(check)}: ${visible(message)}`, ...remedyLines(remedy));
  } else if (!answer.ok && answer.log.length > 0) {
    const [first] = answer.told;
    lines.push('', 'No check of bk-doctor fails: the lines above are the evidence.');
    if (first !== undefined)
      lines.push(
        `They look like ${first.condition} (${first.confidence}): ${first.definition}.`,
        ...remedyLines(first.remedy),
        `  More: bk-doctor show ${first.condition}`,
      );
  }
  const used = answer.snapshotter === null ? '' : ` (snapshotter ${visible(answer.snapshotter)})`;
  lines.push('', answer.ok ? `BuildKit started and built${used}.` : `BuildKit did not start and build${used}.`);
  return `${lines.join('\n')}\n`;
}

function remedyLines(remedy: readonly string[]): readonly string[] {
  return remedy.map((step) => (step.startsWith('$ ') ? `      ${visible(step.slice(2))}` : `    ${visible(step)}`));
}
