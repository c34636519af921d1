import type { Account, HostReader, Step } from '../model.ts';
import { tellStep } from '../report/steps.ts';
import { visible } from '../report/visible.ts';
import { SAY, SHELL_FUNCTIONS } from './script/shell-functions.ts';
import { word } from './script/shell-word.ts';
import { commandsFor, foresee } from './script/step-commands.ts';
import type { CheckTreatment } from './types.ts';

/** One commented POSIX shell script that does the same steps and may be run twice. Reads only. */
export async function script(treatments: readonly CheckTreatment[], host: HostReader): Promise<string> {
  const { self, target } = host.identity;
  const foreseen = await foresee(
    treatments.flatMap(({ treatment }) => treatment.steps),
    host,
  );
  const body: string[] = [];
  for (const { check, treatment } of treatments) {
    body.push('', `# ---- ${comment(check)}${treatment.risk === 'risky' ? ' (risky)' : ''}`);
    if (treatment.consequence !== undefined) body.push(`# Consequence: ${comment(treatment.consequence)}`);
    if (treatment.until !== undefined) body.push(`# Takes effect at the next ${treatment.until}.`);
    for (const step of treatment.steps) {
      const { say, block } = tellStep(step);
      body.push('', ...[say, ...block].map((line) => `# ${comment(line)}`));
      const commands = commandsFor(step, foreseen);
      body.push(...((await actsAsTarget(step, host)) ? asTarget(commands, body.length) : commands));
    }
  }
  const who = comment(target.name ?? `uid ${target.uid}`);
  if (treatments.every(({ treatment }) => treatment.steps.every((step) => step.do === 'tell')))
    return ['#!/bin/sh', `# Made by bk-doctor for ${who}: it changes nothing.`, SAY, ...body, '', NOTHING, ''].join(
      '\n',
    );
  const needsRoot = treatments.some(({ treatment }) =>
    treatment.steps.some(
      (step) => step.do !== 'tell' && (step.as === 'root' || (step.as === 'self' && self.uid === 0)),
    ),
  );
  return [
    '#!/bin/sh',
    `# Made by bk-doctor for ${who}. Read it, then run it${needsRoot ? ' as root: sudo sh FILE' : ': sh FILE'}`,
    '# It may be run twice: what holds already is left alone, and what changed since it was made is not touched.',
    '# It keeps no journal; bk-doctor fix does, and bk-doctor undo takes that back.',
    '',
    '# What the steps below use. Kept as text too, for the steps that are done as another account.',
    "functions=$(cat <<'FUNCTIONS'",
    `${SHELL_FUNCTIONS}FUNCTIONS`,
    ')',
    'eval "$functions"',
    '',
    ...(needsRoot ? [`[ "$(id -u)" -eq 0 ] || { echo 'Run this as root.' >&2; exit 1; }`] : []),
    ...(body.some((line) => line.startsWith('as_target <<')) ? [targetFunction(target)] : []),
    ...body,
    '',
    'if [ "$failed" -eq 0 ]; then say done; else say \'some of it was not done: see above\' >&2; fi',
    'exit "$failed"',
    '',
  ].join('\n');
}

const NOTHING = "say 'there is nothing to do here for a script'";

const comment = (text: string): string => visible(text);

/** Also what root would do inside a directory of the target's. */
async function actsAsTarget(step: Step, host: HostReader): Promise<boolean> {
  const { self, target } = host.identity;
  if (step.do === 'tell' || target.uid === 0) return false;
  if (step.as === 'target' || (step.as === 'self' && self.uid === target.uid)) return true;
  if (step.do !== 'edit' && step.do !== 'directory' && step.do !== 'remove') return false;
  for (let at = step.path; at.length > 1; ) {
    at = at.slice(0, at.lastIndexOf('/')) || '/';
    const stat = await host.stat(at, 'self').catch(() => null);
    if (stat !== null) return stat.uid === target.uid;
  }
  return false;
}

/** Runs what stands on its standard input as the account that will run buildkitd, with nothing of root's environment. */
function targetFunction({ uid, gid, name, home }: Account): string {
  if (uid === 0) return '';
  const environment = [
    'PATH=/usr/local/bin:/usr/bin:/bin',
    ...(home === null ? [] : [`HOME=${home}`]),
    ...(name === null ? [] : [`USER=${name}`, `LOGNAME=${name}`]),
    `XDG_RUNTIME_DIR=/run/user/${uid}`,
  ];
  const shell = `env -i ${environment.map(word).join(' ')} sh -s`;
  const become =
    name === null
      ? [`  else commands | setpriv --reuid=${uid} --regid=${gid} --clear-groups ${shell}`]
      : [
          `  elif command -v runuser >/dev/null; then commands | runuser -u ${word(name)} -- ${shell}`,
          `  else commands | su -s /bin/sh ${word(name)} -c ${word(shell)}`,
        ];
  return [
    '# Does the steps on standard input as the account that runs buildkitd.',
    `commands() { printf '%s\\n' "$functions"; cat; printf '%s\\n' 'exit "$failed"'; }`,
    'as_target() {',
    `  if [ "$(id -u)" -eq ${uid} ]; then commands | ${shell}`,
    ...become,
    '  fi',
    '}',
  ].join('\n');
}

function asTarget(commands: readonly string[], salt: number): readonly string[] {
  const lines = commands.join('\n');
  let mark = `AS_TARGET_${salt}`;
  while (lines.includes(mark)) mark += '_';
  return [`as_target <<'${mark}' || failed=1`, ...commands, mark];
}
