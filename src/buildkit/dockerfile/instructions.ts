import { type Given, givenFlags, withMeant } from './flags.ts';
import { type Frontend, NEWEST_FRONTEND } from './frontend.ts';
import { checkMountForm, csvFields } from './mount.ts';
import { type Dockerfile, heredocWord, type Instruction, NEWEST } from './read.ts';
import { Mistake } from './refused.ts';

export const INSTRUCTIONS = [
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
] as const;

/** An instruction that does not exist. */
export class UnknownInstruction extends Mistake {}

export interface FoundMistake {
  readonly instruction: Instruction;
  readonly mistake: Mistake;
}

/** The first instruction that BuildKit refuses, whatever the target; null where it takes all. */
export function firstMistake(dockerfile: Dockerfile, frontend: Frontend = NEWEST_FRONTEND): FoundMistake | null {
  let inStage = false;
  for (const instruction of dockerfile.instructions) {
    const mistake = mistakeOf(instruction, frontend);
    if (mistake !== null) return { instruction, mistake };
    const command = instruction.command.toUpperCase();
    if (command === 'FROM') inStage = true;
    else if (!inStage && command !== 'ARG')
      return { instruction, mistake: new OutsideStage('no build stage in current context') };
  }
  return null;
}

/** An instruction in front of the first FROM. */
export class OutsideStage extends Mistake {}

/** Why BuildKit refuses one instruction; null where it takes it. */
export function mistakeOf(instruction: Instruction, frontend: Frontend): Mistake | null {
  try {
    check(instruction, frontend);
    return null;
  } catch (error) {
    if (error instanceof Mistake) return error;
    throw error;
  }
}

function check(instruction: Instruction, frontend: Frontend): void {
  const command = instruction.command.toUpperCase();
  const { args, flags, json } = instruction;
  const given = (): Given => givenFlags(command, flags, frontend);
  switch (command) {
    case 'ADD':
    case 'COPY':
      checkCopy(command, instruction, given);
      return;
    case 'FROM':
      checkStage(args);
      given();
      return;
    case 'ARG':
      if (args.length === 0) throw atLeastOne(command);
      if (args.some((arg) => arg.startsWith('='))) throw new Mistake('ARG names can not be blank');
      return;
    case 'ENV':
    case 'LABEL':
      given();
      if (args.length === 0) throw atLeastOne(command);
      if (args.some((arg, index) => index % 3 === 0 && arg === ''))
        throw new Mistake(`${command} names can not be blank`);
      return;
    case 'RUN':
      checkRun(given());
      return;
    case 'CMD':
    case 'ENTRYPOINT':
      given();
      return;
    case 'HEALTHCHECK':
      checkHealth(args, given);
      return;
    case 'ONBUILD':
      checkOnbuild(args, flags, frontend);
      return;
    case 'SHELL':
      given();
      if (args.length === 0) throw atLeastOne(command);
      if (!json) throw new Mistake('SHELL requires the arguments to be in JSON form');
      return;
    case 'MAINTAINER':
    case 'STOPSIGNAL':
    case 'USER':
    case 'WORKDIR':
      if (args.length !== 1) throw new Mistake(`${command} requires exactly one argument`);
      if (command !== 'STOPSIGNAL') given();
      return;
    case 'EXPOSE':
    case 'VOLUME':
      if (args.length === 0) throw atLeastOne(command);
      given();
      if (command === 'VOLUME' && args.some((arg) => arg.trim() === ''))
        throw new Mistake('VOLUME specified can not be an empty string');
      return;
    default:
      throw unknownInstruction(instruction.command);
  }
}

const atLeastOne = (command: string): Mistake => new Mistake(`${command} requires at least one argument`);

function unknownInstruction(word: string): UnknownInstruction {
  const lower = word === word.toLowerCase();
  const upper = word === word.toUpperCase();
  const known = INSTRUCTIONS.map((name) => name.toLowerCase());
  const message = withMeant(`unknown instruction: ${word}`, word.toLowerCase(), known);
  const meant = /\(did you mean (.*)\?\)$/.exec(message)?.[1];
  const shown =
    meant === undefined || lower || !upper
      ? message
      : message.replace(`mean ${meant}?`, `mean ${meant.toUpperCase()}?`);
  return new UnknownInstruction(shown);
}

function checkCopy(command: string, { args }: Instruction, given: () => Given): void {
  if (args.length < 2)
    throw new Mistake(
      `${command} requires at least two arguments, but only one was provided. Destination could not be determined`,
    );
  given();
  if (heredocWord(args.at(-1) ?? '', NEWEST) !== null)
    throw new Mistake(`${command} cannot accept a heredoc as a destination`);
}

function checkStage(args: readonly string[]): void {
  if (args.length === 3 && args[1]?.toLowerCase() === 'as') {
    if (!/^[a-z][a-z0-9-_.]*$/.test((args[2] ?? '').toLowerCase()))
      throw new Mistake(
        `invalid name for build stage: ${JSON.stringify(args[2])}, name can't start with a number or contain symbols`,
      );
  } else if (args.length !== 1) throw new Mistake('FROM requires either one or three arguments');
}

function checkRun(given: Given): void {
  for (const mount of given.get('mount') ?? []) checkMountForm(mount);
  const network = given.get('network')?.[0] ?? 'default';
  if (!['default', 'none', 'host'].includes(network))
    throw new Mistake(`invalid network mode ${JSON.stringify(network)}`);
  const security = given.get('security')?.[0] ?? 'sandbox';
  if (!['insecure', 'sandbox'].includes(security))
    throw new Mistake(`security ${JSON.stringify(security)} is not valid`);
  for (const device of given.get('device') ?? []) checkDevice(device);
}

function checkDevice(text: string): void {
  let name = '';
  for (const field of csvFields(text, 'devices')) {
    const sign = field.indexOf('=');
    const key = (sign < 0 ? field : field.slice(0, sign)).toLowerCase();
    if (key === 'required') continue;
    if (key === 'name' && sign >= 0) {
      if (name !== '') throw new Mistake(`device name already set to ${name}`);
      name = field.slice(sign + 1);
    } else if (name === '') name = field;
    else if (sign < 0) throw new Mistake(`invalid field '${field}' must be a key=value pair`);
    else throw new Mistake(withMeant(`unexpected key '${key}' in '${field}'`, key, ['name', 'required']));
  }
}

function checkHealth(args: readonly string[], given: () => Given): void {
  const [kind, ...rest] = args;
  if (kind === undefined) throw atLeastOne('HEALTHCHECK');
  const word = kind.toUpperCase();
  if (word === 'NONE') {
    if (rest.length > 0) throw new Mistake('HEALTHCHECK NONE takes no arguments');
    return;
  }
  const flags = given();
  if (word !== 'CMD') throw new Mistake(`Unknown type ${JSON.stringify(word)} in HEALTHCHECK (try CMD)`);
  if (rest.length === 0) throw new Mistake('Missing command after HEALTHCHECK CMD');
  for (const flag of ['interval', 'timeout', 'start-period', 'start-interval']) {
    const value = flags.get(flag)?.[0] ?? '';
    if (value !== '') checkInterval(flag, value);
  }
  const retries = flags.get('retries')?.[0] ?? '';
  if (retries === '') return;
  if (!/^[+-]?\d+$/.test(retries))
    throw new Mistake(`strconv.ParseInt: parsing ${JSON.stringify(retries)}: invalid syntax`);
  if (Math.abs(Number(retries)) >= 2 ** 31)
    throw new Mistake(`strconv.ParseInt: parsing ${JSON.stringify(retries)}: value out of range`);
  if (Number(retries) < 0) throw new Mistake(`--retries cannot be negative (${Number(retries)})`);
}

const UNITS: { readonly [unit: string]: number } = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3600e3,
};

function checkInterval(flag: string, text: string): void {
  const quoted = JSON.stringify(text);
  const bare = text.replace(/^[+-]/, '');
  if (bare === '0') return;
  let total = 0;
  let at = 0;
  while (at < bare.length) {
    const [, number = '', unit = ''] = /^(\d*\.?\d*)([^\d.]*)/.exec(bare.slice(at)) ?? [];
    if (!/\d/.test(number)) throw new Mistake(`time: invalid duration ${quoted}`);
    if (unit === '') throw new Mistake(`time: missing unit in duration ${quoted}`);
    const size = UNITS[unit];
    if (size === undefined) throw new Mistake(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    total += Number(number) * size;
    at += number.length + unit.length;
  }
  if (bare === '') throw new Mistake(`time: invalid duration ${quoted}`);
  const span = text.startsWith('-') ? -total : total;
  if (span !== 0 && span < 1) throw new Mistake(`Interval ${JSON.stringify(flag)} cannot be less than 1ms`);
}

function checkOnbuild(args: readonly string[], flags: readonly string[], frontend: Frontend): void {
  const [trigger] = args;
  if (trigger === undefined) throw atLeastOne('ONBUILD');
  givenFlags('ONBUILD', flags, frontend);
  const word = trigger.toUpperCase();
  if (word === 'ONBUILD') throw new Mistake("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (word === 'MAINTAINER' || word === 'FROM') throw new Mistake(`${word} isn't allowed as an ONBUILD trigger`);
}
