import type { Report, Status, TreatmentReport, TreatmentResult } from '../model/say.ts';
import { stepLine, stepText } from '../text/steps.ts';
import { visible } from '../text/visible.ts';
import { type Pen, SIGNS } from './pen.ts';
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
): string | null {
  const stays = staying(treatments);
  if (stays.length === 0) return null;
  const lines = [
    'Stopped. These repairs were made and stay:',
    ...stays.map(({ transaction, check, steps }) => {
      const [first] = steps.filter(({ do: kind }) => kind !== 'tell');
      return `  ${transaction} ${check}${first === undefined ? '' : `: ${stepLine(first)}`}`;
    }),
    ...runsOf(stays).map((run) => `To undo them: ${undo} ${run}`),
    `To go on: ${fix}`,
  ];
  return lines.map((line) => `${visible(line)}\n`).join('');
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
