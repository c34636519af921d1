import type { Step } from '../../model/plan.ts';
import { maskArguments } from '../../secrets/arguments.ts';
import { stepText } from '../../text/steps.ts';
import { visible, visibleLines } from '../../text/visible.ts';
import { Refused } from '../disk/refused.ts';
import type { CheckTreatment } from '../journal/types.ts';
import { doctorFunction, targetFunction } from './accounts.ts';
import { doerOf } from './doing.ts';
import type { ScriptFor } from './made-for.ts';
import { type Foreseen, foresee } from './recipe.ts';
import { SAY, SHELL_FUNCTIONS } from './shell-functions.ts';
import { BeyondShell, command, word } from './shell-word.ts';
import { commandsFor } from './step-commands.ts';

/** One commented POSIX shell script that does the same steps and may be run twice. Reads only. */
export async function script(treatments: readonly CheckTreatment[], made: ScriptFor): Promise<string> {
  const { self, target } = made.host.identity;
  const who = visible(target.name ?? `uid ${target.uid}`);
  const body = await bodyOf(treatments, made);
  if (treatments.every(({ treatment }) => treatment.steps.every((step) => step.do === 'tell')))
    return ['#!/bin/sh', `# Made by bk-doctor for ${who}: it changes nothing.`, SAY, ...body, '', NOTHING, ''].join(
      '\n',
    );
  const needsRoot = treatments.some(({ treatment }) =>
    treatment.steps.some(
      (step) => step.do !== 'tell' && (step.as === 'root' || (step.as === 'self' && self.uid === 0)),
    ),
  );
  const inner = [
    '# What the steps below use. Kept as text too, for the steps that are done as another account.',
    "functions=$(cat <<'FUNCTIONS'",
    `${SHELL_FUNCTIONS}FUNCTIONS`,
    ')',
    'eval "$functions"',
    '',
    ...(needsRoot ? [`[ "$me" -eq 0 ] || { echo 'Run this as root.' >&2; exit 1; }`] : []),
    ...(body.some((line) => line.startsWith('as_target <<')) ? [targetFunction(target)] : []),
    ...(body.some((line) => line.startsWith('doctor '))
      ? [doctorFunction(needsRoot && self.uid !== 0 ? null : made.doctor.program)]
      : []),
    '{',
    ...body,
    '} </dev/null',
    '',
    'if [ "$failed" -eq 0 ]; then say done; else say \'some of it was not done: see above\' >&2; fi',
    'exit "$failed"',
  ];
  const home = needsRoot ? '/root' : self.home;
  const mark = markFor('SCRIPT', inner);
  return [
    '#!/bin/sh',
    `# Made by bk-doctor for ${who}. Read it, then run it${needsRoot ? ' as root: sudo sh FILE' : ': sh FILE'}`,
    '# It may be run twice: what holds already is left alone, and what changed since it was made is not touched.',
    '# Its own steps keep no journal. What bk-doctor fix does, there and where this script calls it, bk-doctor undo takes back.',
    '',
    '# All of it runs in a shell that has nothing of the environment of this one: no functions, no variables.',
    `/usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin ${home === null ? '' : `HOME=${word(home)} `}LC_ALL=C DEBIAN_FRONTEND=noninteractive /bin/sh -s <<'${mark}'`,
    ...inner,
    mark,
    '',
  ].join('\n');
}

const NOTHING = "say 'there is nothing to do here for a script'";

async function bodyOf(treatments: readonly CheckTreatment[], made: ScriptFor): Promise<readonly string[]> {
  const foreseen = await foresee(
    treatments.flatMap(({ treatment }) => treatment.steps),
    made.host,
  );
  const body: string[] = [];
  for (const { check, treatment } of treatments) {
    body.push('', `# ---- ${visible(check)}${treatment.risk === 'risky' ? ' (risky)' : ''}`);
    if (treatment.consequence !== undefined) body.push(`# Consequence: ${visible(treatment.consequence)}`);
    if (treatment.until !== undefined) body.push(`# Takes effect at the next ${treatment.until}.`);
    try {
      const parts: string[] = [];
      for (const step of treatment.steps) parts.push('', ...comment(step), ...(await stepLines(step, foreseen, made)));
      body.push(...parts);
    } catch (error) {
      for (const step of treatment.steps) body.push('', ...comment(step));
      const instead = insteadOf(error, { check, treatment }, made);
      // One call does all that the check offers.
      const isThere = instead.some((line) => line.startsWith('doctor ') && body.includes(line));
      if (!isThere) body.push(...instead);
    }
  }
  return body;
}

const comment = (step: Step): readonly string[] => {
  const { say, block } = stepText(step);
  return [say, ...block].map((line) => `# ${visible(line)}`);
};

async function stepLines(step: Step, foreseen: Foreseen, made: ScriptFor): Promise<readonly string[]> {
  if (step.do === 'tell') return visibleLines(step.text).map((line) => command('say', line));
  const doer = await doerOf(step, made);
  const lines = await commandsFor(step, foreseen, made.host, doer === 'root');
  if (doer === 'root' || made.host.identity.target.uid === 0) return lines;
  const mark = markFor('AS_TARGET', lines);
  return [`as_target <<'${mark}' || failed=1`, ...lines, mark];
}

/** A word that no line of these is. */
function markFor(name: string, lines: readonly string[]): string {
  const text = lines.join('\n');
  let mark = name;
  while (text.includes(mark)) mark += '_';
  return mark;
}

/** What bk-doctor would refuse is said; what only a shell cannot do is left to it. */
function insteadOf(error: unknown, { check, treatment }: CheckTreatment, { doctor }: ScriptFor): readonly string[] {
  if (error instanceof Refused) return [`${command('problem', visible(error.message))} || failed=1`];
  if (!(error instanceof BeyondShell)) throw error;
  const risky = treatment.risk === 'risky' ? ['--risky'] : [];
  const words = ['fix', '--yes', ...risky, '--quiet', '--only', check, ...doctor.flags];
  try {
    const said = maskArguments(words, () => {});
    if (words.some((each, index) => each !== said[index])) throw new BeyondShell('its call holds a secret');
    return [`# Not for a shell: ${visible(error.message)}.`, `${command('doctor', ...words)} || failed=1`];
  } catch (unwritable) {
    if (!(unwritable instanceof BeyondShell)) throw unwritable;
    const what = `this is not for a shell, and its call cannot be written into a script: bk-doctor fix --only ${visible(check)}`;
    return [`${command('problem', what)} || failed=1`];
  }
}
