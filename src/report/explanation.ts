import type { FailureKind } from '../knowledge/symptoms/symptom.ts';
import type { Diagnosis, Explanation, Quoted } from '../symptoms/diagnose.ts';
import { visible } from '../text/visible.ts';
import type { Layout } from './format.ts';
import { code, fenced, prose } from './markdown-text.ts';
import { type Pen, penOf } from './pen.ts';

/** What each kind of failure is, in words. */
const KINDS: { readonly [K in FailureKind]: string } = {
  dockerfile: 'a mistake in the Dockerfile',
  'build-context': 'a file that the build context does not have, or that cannot be read from it',
  'registry-auth': 'a registry that refuses the login or the access',
  'rate-limit': 'a registry that has had too many requests',
  registry: 'a registry that answers with an error',
  'image-missing': 'an image that the registry does not have',
  'test-failed': 'tests that fail',
  'compile-error': 'a program that does not compile or run',
  'package-missing': 'a package that cannot be had',
  'buildkit-bug': 'a fault of BuildKit itself',
  'command-line': 'a command line or a file of the project that is wrong',
  cancelled: 'a build that was broken off',
  'step-failed': 'a build step whose own program failed',
};
const CONFIRMED = { true: 'confirmed here', false: 'not on this host' } as const;

const placeOf = ({ file, line }: Quoted): string => (file === null ? `line ${line}` : `${file}:${line}`);
const isCommand = (step: string): boolean => step.startsWith('$ ');
const headOf = ({ confidence, confirmed }: Diagnosis): string =>
  confirmed === null ? confidence : `${confidence}, ${CONFIRMED[`${confirmed}`]}`;

/** What a log shows no cause of, in a sentence. */
function silence({ failure, lines }: Explanation): string {
  if (lines === 0) return 'The log is empty.';
  return failure === null
    ? 'The log shows no host problem that bk-doctor knows.'
    : `The log shows no host problem; it looks like ${KINDS[failure.kind]}.`;
}

/** Further causes are independent problems; what is merely possible is named in a line. */
function split(diagnoses: readonly Diagnosis[]): readonly [told: readonly Diagnosis[], named: readonly Diagnosis[]] {
  const told = diagnoses.filter(
    ({ confidence, confirmed }, index) =>
      index === 0 || (confirmed !== false && (confirmed || confidence !== 'possible')),
  );
  return [told, diagnoses.filter((diagnosis) => !told.includes(diagnosis))];
}

/** For a person at a terminal. */
export function explanationText(explanation: Explanation, layout: Layout): string {
  const pen = penOf(layout);
  const { diagnoses, failure } = explanation;
  if (diagnoses.length === 0)
    return `${[
      ...pen.text(silence(explanation)),
      ...(failure === null ? [] : pen.text(`${placeOf(failure)}: ${failure.excerpt}`, '  ')),
    ].join('\n')}\n`;
  const [told, named] = split(diagnoses);
  const blocks = told.map((diagnosis) => diagnosisText(diagnosis, layout, pen).join('\n'));
  if (named.length > 0) blocks.push(namedText(named, pen).join('\n'));
  return `${blocks.join('\n\n')}\n`;
}

function diagnosisText(diagnosis: Diagnosis, { quiet, verbose }: Layout, pen: Pen): readonly string[] {
  const { condition, definition, excerpt, by, why, remedy, checks, tell, also, confirmed } = diagnosis;
  const lines = [
    `${pen.paint(confirmed === false ? 'yellow' : 'red', pen.line(condition))} (${headOf(diagnosis)})`,
    ...pen.text(`${definition}.`, '  '),
    ...pen.text(`${placeOf(diagnosis)}: ${excerpt}`, '  ', '    '),
  ];
  if (quiet) return lines;
  lines.push(...pen.text(`Said by: ${by}.`, '  '), ...pen.text(`Why it matters: ${why}`, '  '), '  What to do:');
  for (const step of remedy)
    lines.push(...(isCommand(step) ? pen.literal([step.slice(2)], '      ') : pen.text(step, '    ')));
  if (confirmed === null && (tell.length > 0 || checks.length > 0)) {
    lines.push('  To make sure:');
    if (checks.length > 0) lines.push(...pen.literal([`bk-doctor check --only ${checks.join(',')}`], '      '));
    lines.push(
      ...pen.literal(
        tell.map((command) => command.replace(/^\$ /, '')),
        '      ',
      ),
    );
  }
  if (verbose)
    for (const other of also) lines.push(...pen.text(`Also ${placeOf(other)}: ${other.excerpt}`, '  ', '    '));
  lines.push(...pen.literal([`More: bk-doctor show ${condition}`], '  '));
  return lines;
}

function namedText(named: readonly Diagnosis[], pen: Pen): readonly string[] {
  return [
    ...pen.text('It could also be:'),
    ...named.flatMap((diagnosis) => [
      ...pen.text(
        `${diagnosis.condition}${diagnosis.confirmed === false ? ' (not on this host)' : ''}: ${diagnosis.definition}.`,
        '  ',
        '    ',
      ),
      ...pen.literal(
        diagnosis.tell.slice(0, 1).map((command) => command.replace(/^\$ /, '')),
        '      ',
      ),
    ]),
  ];
}

/** For a ticket. */
export function explanationMarkdown(explanation: Explanation): string {
  const { diagnoses, failure } = explanation;
  if (diagnoses.length === 0)
    return `${prose(silence(explanation))}\n${failure === null ? '' : `\n${fenced([failure.excerpt], 'text')}\n`}`;
  const [told, named] = split(diagnoses);
  const blocks = told.flatMap((diagnosis) => [
    `## ${code(diagnosis.condition)} (${headOf(diagnosis)})`,
    prose(`${diagnosis.definition}.`),
    `${prose(placeOf(diagnosis))}:`,
    fenced([visible(diagnosis.excerpt)], 'text'),
    prose(`Said by ${diagnosis.by}. ${diagnosis.why}`),
    ...remedyMarkdown(diagnosis.remedy),
    ...(diagnosis.confirmed === null ? sureMarkdown(diagnosis) : []),
  ]);
  if (named.length > 0)
    blocks.push(
      [
        'It could also be:',
        '',
        ...named.map(
          ({ condition, definition, tell: [first] }) =>
            `- ${code(condition)}: ${prose(`${definition}.`)}${first === undefined ? '' : ` ${code(first.replace(/^\$ /, ''))}`}`,
        ),
      ].join('\n'),
    );
  return `${blocks.join('\n\n')}\n`;
}

/** How to make sure, by this program and without it. */
function sureMarkdown({ checks, tell }: Diagnosis): readonly string[] {
  const commands = [...(checks.length > 0 ? [`$ bk-doctor check --only ${checks.join(',')}`] : []), ...tell];
  return commands.length === 0 ? [] : ['To make sure:', ...remedyMarkdown(commands)];
}

/** Sentences as text, commands that follow each other as one block. */
export function remedyMarkdown(remedy: readonly string[]): readonly string[] {
  const blocks: string[] = [];
  let commands: string[] = [];
  const close = (): void => {
    if (commands.length > 0) blocks.push(fenced(commands, 'sh'));
    commands = [];
  };
  for (const step of remedy) {
    if (isCommand(step)) commands.push(step.slice(2));
    else {
      close();
      blocks.push(prose(step));
    }
  }
  close();
  return blocks;
}
