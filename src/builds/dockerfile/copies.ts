import { heredocWord, type Instruction, NEWEST } from '../../buildkit/dockerfile/read.ts';
import { BadWord } from '../../buildkit/dockerfile/shell-words.ts';
import { isSince } from '../../buildkit/version.ts';
import { sourceUnreadable } from '../commands/unreadable.ts';
import type { Finding } from '../model/finding.ts';
import { isEmpty } from './contents.ts';
import { copiedFromStage } from './lacking.ts';
import { type Known, type Stage, sourcesOf, stageNamed } from './stages.ts';
import { atInstruction, daemonTooOld, flagsOrNone, kindOfSource } from './versions.ts';
import { contextMissing, finding, idFindings, type Step, type Walk } from './walk.ts';

/** What COPY or ADD of a built stage will not do. */
export function copyFindings(step: Step, expand: (text: string) => Known): readonly Finding[] {
  const { at, stage, instruction } = step;
  const given = flagsOrNone(instruction);
  const owner = given.get('chown')?.[0];
  const findings: Finding[] = owner === undefined ? [] : [...ownerFindings(step, expand(owner), `--chown=${owner}`)];
  const [from] = sourcesOf(instruction);
  if (from !== undefined)
    return [
      ...findings,
      ...sourceStage(at, stage, instruction, from, 'COPY --from'),
      ...copiedFromStage(step, from, expand),
    ];
  findings.push(...gitKeys(at, instruction));
  if (at.context === null) return findings;
  for (const source of instruction.args.slice(0, -1)) {
    if (isHeredoc(source) || kindOfSource(source) !== 'local') continue;
    const { text, known } = expand(source);
    const refused = known && !at.scene.classic ? at.context.refused(text) : null;
    if (refused !== null)
      findings.push(sourceUnreadable(atInstruction(at.scene, instruction), text, refused.what, refused.directory));
    if (!known || at.context.has(text) !== false) continue;
    const silently = given.has('parents') && !isSince(at.scene.daemon.release, [0, 26, 0]);
    findings.push(
      silently
        ? daemonTooOld(
            at.scene,
            instruction,
            `That COPY --parents misses ${text}`,
            [0, 26, 0],
            'silently copies nothing',
          )
        : contextMissing(at, instruction, text),
    );
  }
  return findings;
}

function gitKeys(at: Walk, instruction: Instruction): readonly Finding[] {
  const git =
    instruction.command.toUpperCase() === 'ADD' && instruction.args.some((source) => /^git@|^ssh:\/\//.test(source));
  if (!git || at.request === null || at.request.open || at.request.ssh.length > 0) return [];
  return [
    finding(
      at,
      instruction,
      'build.ssh-missing',
      'error',
      'ADD of a repository over SSH needs the keys of the client, and the command does not forward them.',
      ['Add --ssh default to the command.'],
      { flag: '--ssh default' },
    ),
  ];
}

/** A name needs a list of accounts, which an empty image has not; --link copies into an empty one, whatever the stage holds. */
function ownerFindings({ at, instruction, state }: Step, owner: Known, by: string): readonly Finding[] {
  const named =
    owner.known && owner.text.split(':').some((part) => part !== '' && part !== 'root' && !/^\d+$/.test(part));
  const { daemon } = at.scene;
  // The Docker Engine may have no layers that stand alone, and then copies as without --link.
  const linked =
    daemon.engine === null &&
    isSince(daemon.release, [0, 10, 0]) &&
    instruction.flags.some((flag) => /^--link(?:=true)?$/.test(flag));
  if (!named || !(linked || isEmpty(state.contents))) return idFindings(at, instruction, owner, by);
  return [
    finding(
      at,
      instruction,
      'dockerfile.invalid-option',
      'error',
      `${by} names an account, and ${linked ? 'with --link the files are put into a layer of their own, which has no list of them' : 'an image made FROM scratch has no list of them'}: the build ends with "invalid user index".`,
      [`Write the number of the user and of the group${linked ? ', or leave out --link' : ''}.`],
    ),
  ];
}

function isHeredoc(word: string): boolean {
  try {
    return heredocWord(word, NEWEST) !== null;
  } catch (error) {
    if (error instanceof BadWord) return false;
    throw error;
  }
}

/** A name to take files from that is no stage yet, though one of that name follows. */
export function sourceStage(
  at: Walk,
  stage: Stage,
  instruction: Instruction,
  from: string,
  by: string,
  whole = false,
): readonly Finding[] {
  const before = stageNamed(at.stages.stages.slice(0, stage.index), from);
  if (before !== null || at.request?.options.has(`context:${from}`) === true) return [];
  const later = at.stages.stages.find(({ name, index }) => index > stage.index && name === from.toLowerCase());
  const { frontend } = at.scene.choice;
  if (later === undefined || frontend === null) return [];
  const old = frontend.minor < 7;
  return [
    finding(
      at,
      instruction,
      'dockerfile.stage-order',
      old && (whole || later.instructions.length === 0) ? 'warning' : 'error',
      old
        ? `${by}=${from} stands before the stage ${from}, and gets the image that it starts from, without what its steps make.`
        : `${by}=${from} names a stage that stands behind it: the build ends with "stage needs to be defined before current command".`,
      [`Move the stage ${from} in front of this one.`],
    ),
  ];
}

/** Stages that wait for each other, and numbers that no stage has: they count in every stage. */
export function stageGraphFindings(at: Walk): readonly Finding[] {
  const { stages } = at.stages;
  const isContext = (name: string): boolean => at.request?.options.has(`context:${name}`) === true;
  const findings: Finding[] = [];
  const needs = stages.map(({ parent, instructions }) => {
    const wanted = parent === null ? [] : [parent];
    for (const instruction of instructions)
      for (const name of sourcesOf(instruction)) {
        const copies = /^copy$/i.test(instruction.command);
        if (copies && /^\d+$/.test(name) && Number(name) >= stages.length)
          findings.push(
            finding(
              at,
              instruction,
              'dockerfile.parse-error',
              'error',
              `COPY --from=${name} names no stage: there are ${stages.length}, counted from 0, and the build ends with "invalid stage index ${name}".`,
              ['Name the stage with AS, and write that name.'],
            ),
          );
        if (copies && /\$[\w{]/.test(name))
          findings.push(
            finding(
              at,
              instruction,
              'dockerfile.parse-error',
              'error',
              `COPY --from=${name} names its stage by a variable, which no release of BuildKit puts in there.`,
              [
                `Begin a stage with FROM ${name} AS NAME, with the ARG in front of the first FROM, and write --from=NAME.`,
              ],
            ),
          );
        const found = isContext(name) ? null : stageNamed(stages, name, copies);
        if (found !== null) wanted.push(found);
      }
    return wanted;
  });
  const circle = circleIn(needs);
  const stage = circle === null ? undefined : stages[circle];
  if (stage !== undefined)
    findings.push(
      finding(
        at,
        stage.from,
        'dockerfile.stage-order',
        'error',
        `The stage ${stage.name ?? stage.index} needs itself: the build ends with "circular dependency detected on stage".`,
        ['Take the files from a stage that does not need this one.'],
      ),
    );
  return findings;
}

/** One of those that need themselves; null where none does. */
function circleIn(needs: readonly (readonly number[])[]): number | null {
  const left = new Set(needs.keys());
  for (let found = true; found; ) {
    found = false;
    for (const index of left)
      if (!(needs[index] ?? []).some((other) => left.has(other))) {
        left.delete(index);
        found = true;
      }
  }
  // What is left waits for a circle, or is in it: the first that another waits for, and that comes back to itself.
  return [...left].find((start) => comesBack(start, needs)) ?? null;
}

function comesBack(start: number, needs: readonly (readonly number[])[]): boolean {
  const seen = new Set<number>();
  const queue = [...(needs[start] ?? [])];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (next === start) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(needs[next] ?? []));
  }
  return false;
}
