import type { Report, Status, TreatmentReport, TreatmentResult } from '../model/say.ts';
import { stepLine, stepText } from '../text/steps.ts';
import { type Appearance, type Pen, penOf, SIGNS } from './pen.ts';
import { type Commands, UNTIL } from './summary.ts';

const RESULTS: { readonly [R in TreatmentResult]: readonly [word: string, status: Status] } = {
  cured: ['cured', 'pass'],
  already: ['already so', 'pass'],
  pending: ['pending', 'warn'],
  'still-failing': ['still failing', 'fail'],
  'partly-cured': ['partly cured', 'warn'],
  'taken-back': ['undone', 'fail'],
  declined: ['declined', 'skip'],
  'needs-root': ['needs root', 'warn'],
  manual: ['by hand', 'warn'],
  failed: ['failed', 'fail'],
};

/** What stays of a treatment. */
const STAYS: ReadonlySet<TreatmentResult> = new Set(['cured', 'pending', 'partly-cured']);

/** Sections on what was done, what is left for a person, and how to take it back. */
export function treatmentLines(
  { treatments, checks }: Report,
  { verbose, commands }: { readonly verbose: boolean; readonly commands: Commands },
  pen: Pen,
): readonly (readonly string[])[] {
  const passes = new Set(checks.filter(({ status }) => status === 'pass' || status === 'skip').map(({ id }) => id));
  // What was not even tried is told by the findings; it stands here only where they do not say why.
  const told = treatments.filter(({ check, result }) => {
    if (verbose) return true;
    if (result === 'manual') return false;
    return !(passes.has(check) && (result === 'declined' || result === 'needs-root'));
  });
  const entries = [...new Set(told.map((treatment) => treated(treatment, pen).join('\n')))];
  const stays = staying(treatments);
  return [entries, leftForYou(stays, pen), undoLines(stays, commands, pen)];
}

function treated(treatment: TreatmentReport, pen: Pen): readonly string[] {
  const { check, result, transaction, message } = treatment;
  const [word, status] = RESULTS[result];
  const stays = STAYS.has(result);
  const name = stays && transaction !== null ? `  (${transaction})` : '';
  return [
    `${pen.paint(SIGNS[status][3], `${pen.sign(status)} ${word}`)}  ${pen.line(`${check}${name}`)}`,
    ...(message === null ? [] : pen.text(sentence(message), '  ')),
    ...(stays && transaction !== null ? changes(treatment, pen) : []),
  ];
}

/** Of a diff so many lines are shown; the files themselves, and --json, have all of them. */
const MOST_LINES = 16;

/** What a treatment has changed: the edited files with their changed lines, and every other step in words. */
function changes({ steps, diff }: TreatmentReport, pen: Pen): readonly string[] {
  const edited = pen.literal(
    [editsOf(diff)].filter((text) => text !== ''),
    '    ',
  );
  const more = edited.length - MOST_LINES;
  const shown = more > 1 ? [...edited.slice(0, MOST_LINES), `    (${more} more lines)`] : edited;
  const other = steps.filter(({ do: kind }) => kind !== 'tell' && !(kind === 'edit' && diff !== null));
  return [
    ...shown.map((line) => {
      const sign = line.trimStart().charAt(0);
      return sign === '+' ? pen.paint('green', line) : sign === '-' ? pen.paint('red', line) : line;
    }),
    ...other.flatMap((step) => {
      const { say, block } = stepText(step);
      return [...pen.text(say, '    '), ...pen.literal(block, '      ')];
    }),
  ];
}

/** A unified diff as people read it: the file once, then what went and what came. */
function editsOf(diff: string | null): string {
  return (diff ?? '')
    .split('\n')
    .flatMap((line) => {
      if (line.startsWith('+++ ')) return [line.slice(4)];
      if (line.startsWith('--- ')) return [];
      return /^[+-]/.test(line) ? [`  ${line.charAt(0)} ${line.slice(1)}`] : [];
    })
    .join('\n');
}

/** What a treatment told to do besides, and when it takes effect. */
function leftForYou(treatments: readonly TreatmentReport[], pen: Pen): readonly string[] {
  const items = treatments.flatMap(({ steps, until, check, result }) => [
    ...steps.filter(({ do: kind }) => kind === 'tell').map(stepText),
    ...(until === null || result !== 'pending' ? [] : [{ say: `${check} ${UNTIL[until]}.`, block: [] }]),
  ]);
  if (items.length === 0) return [];
  return [
    pen.paint('bold', 'Left for you:'),
    ...items.flatMap(({ say, block }) => [...pen.text(say, '  - ', '    '), ...pen.literal(block, '      ')]),
  ];
}

function undoLines(treatments: readonly TreatmentReport[], { undo }: Commands, pen: Pen): readonly string[] {
  return runsOf(treatments).map((run) => `To undo: ${pen.line(`${undo} ${run}`)}`);
}

/** For who stops at a question: what was done before and stays, how to undo it and how to go on. Null: nothing was done. */
export function stoppedText(
  treatments: readonly TreatmentReport[],
  { undo, fix }: Pick<Commands, 'undo' | 'fix'>,
  look: Appearance,
): string | null {
  const stays = staying(treatments);
  if (stays.length === 0) return null;
  const pen = penOf(look);
  const lines = [
    ...pen.text('Stopped. These repairs were made and stay:'),
    ...stays.flatMap(({ transaction, check, steps }) => {
      const [first] = steps.filter(({ do: kind }) => kind !== 'tell');
      return pen.text(
        `${transaction} ${check}${first === undefined ? '' : `: ${stepLine(first)}`}`,
        '  ',
        ' '.repeat(3 + (transaction ?? '').length),
      );
    }),
    ...runsOf(stays).map((run) => `To undo them: ${pen.line(`${undo} ${run}`)}`),
    `To go on: ${pen.line(fix)}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Why a person is asked once more. */
export function roundText({
  round,
  treated,
  anew,
  more,
}: {
  readonly round: number;
  readonly treated: readonly string[];
  readonly anew: readonly string[];
  readonly more: readonly string[];
}): string {
  const why = [
    ...(anew.length === 0
      ? []
      : [
          `${anew.join(', ')} ${anew.length === 1 ? 'is' : 'are'} planned anew, since it starts from something else now`,
        ]),
    ...(more.length === 0 ? [] : [`${more.join(', ')} could not be planned before`]),
  ];
  return `applied ${treated.join(', ')}. Round ${round} of at most 3: ${why.join('; ')}.`;
}

/** That nothing was changed, where all that is left is for a person to do; null otherwise. */
export function unchangedText({ checks, changed, treatments, verdict }: Report): string | null {
  if (changed || verdict.level === 'ready' || treatments.some(({ result }) => result !== 'manual')) return null;
  const findings = checks.filter(({ status }) => status === 'fail' || status === 'warn' || status === 'unknown');
  if (findings.length === 0) return null;
  return findings.length === 1
    ? 'Nothing was changed: 1 finding needs a person, and bk-doctor cannot repair it by itself.'
    : `Nothing was changed: ${findings.length} findings need a person, and bk-doctor can repair none of them by itself.`;
}

function staying(treatments: readonly TreatmentReport[]): readonly TreatmentReport[] {
  return treatments.filter(({ result, transaction }) => STAYS.has(result) && transaction !== null);
}

function runsOf(treatments: readonly TreatmentReport[]): readonly string[] {
  return [...new Set(treatments.map(({ transaction }) => transaction?.replace(/\.\d+$/, '') ?? ''))];
}

const sentence = (text: string): string => {
  const first = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(first) ? first : `${first}.`;
};
