import type { Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { ancestry, normalise } from '../config/cache-directory.ts';
import { listOf } from '../target/directives.ts';
import { statementsOf } from '../target/shell-start.ts';
import { type Command, commandsOf } from '../target/start-line.ts';
import type { Unit } from '../target/unit.ts';
import { withVariables } from '../target/unit-words.ts';

/** A command that a unit runs around the start. */
export interface Around {
  readonly key: 'ExecCondition' | 'ExecStartPre' | 'ExecStartPost';
  readonly command: Command;
  /** Null: nobody here knows. */
  readonly outcome: 'ok' | 'fails' | 'missing' | null;
}

const KEYS = ['ExecCondition', 'ExecStartPre', 'ExecStartPost'] as const;

/** The commands around the start, with what becomes of them; none of them is run. */
export async function commandsAround(look: Look, unit: Unit): Promise<readonly Around[]> {
  const found: Around[] = [];
  for (const key of KEYS)
    for (const directive of listOf(unit.directives, key)) {
      const commands = commandsOf(directive, (text) => text);
      // A line that systemd drops does nothing.
      if (typeof commands === 'string') continue;
      for (const command of commands) found.push({ key, command, outcome: await outcomeOf(look, unit, command) });
    }
  return found;
}

const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
/** Programs that prepare something, and fail only in odd cases. */
const PREPARES =
  /^(?:rm|touch|ln|echo|printf|sleep|logger|chmod|install|systemd-tmpfiles|systemd-cat|sync|udevadm|date|uname|id)$/;

async function outcomeOf(look: Look, unit: Unit, command: Command): Promise<Around['outcome']> {
  const { host } = look;
  const { argv } = command.verbatim ? command : withVariables(command.argv, unit.environment);
  const [name, args] = [base(command.path), argv.slice(1)];
  if (command.path.startsWith('/')) {
    const program = await host.stat(command.path, 'target').catch(asAbsent);
    if (program === null) return 'missing';
    if (program.kind !== 'file' || (program.mode & 0o111) === 0) return 'fails';
  }
  const asRoot = command.privileged || (unit.scope === 'system' && unit.user === null);
  const plain = await outcomeByName(look, name, args, asRoot);
  if (plain !== null || !/^(?:ba|da|a)?sh$/.test(name) || !/^-[ceux]*c[ceux]*$/.test(args[0] ?? '')) return plain;
  const ignores = !/e/.test(args[0] ?? '');
  let last: Around['outcome'] = 'ok';
  for (const words of statementsOf(args[1] ?? '', ['sh', ...args.slice(3)], unit.environment)) {
    if (words?.[0] === undefined) return null;
    const [word, ...rest] = words;
    if (word === 'exit') return rest[0] === undefined ? last : rest[0] === '0' ? 'ok' : 'fails';
    last = await outcomeByName(look, base(word), rest, asRoot);
    // What an unsuccessful command before the last does depends on how they are joined.
    if (last === null || (last === 'fails' && ignores && words.length > 0 && /[;&\n]/.test(args[1] ?? ''))) return null;
    if (last === 'fails') return last;
  }
  return last;
}

async function outcomeByName(
  look: Look,
  name: string,
  args: readonly string[],
  asRoot: boolean,
): Promise<Around['outcome']> {
  switch (name) {
    case ':':
    case 'set':
    case 'true':
      return 'ok';
    case 'false':
      return 'fails';
    case 'test':
      return tested(look, args);
    case '[':
      return tested(look, args.slice(0, -1));
    case 'mkdir':
      return made(look, args, asRoot);
    case 'modprobe':
      return loaded(look, args);
    case 'chown':
      return asRoot ? 'ok' : null;
    default:
      return PREPARES.test(name) ? 'ok' : null;
  }
}

async function tested({ host }: Look, args: readonly string[]): Promise<Around['outcome']> {
  const negated = args[0] === '!';
  const [operator, path = '', ...more] = negated ? args.slice(1) : args;
  if (more.length > 0 || !path.startsWith('/')) return null;
  const stat = await host[operator === '-L' || operator === '-h' ? 'lstat' : 'stat'](path, 'target').catch(asAbsent);
  const truth: { readonly [operator: string]: boolean | undefined } = {
    '-e': stat !== null,
    '-f': stat?.kind === 'file',
    '-d': stat?.kind === 'directory',
    '-S': stat?.kind === 'socket',
    '-c': stat?.kind === 'character',
    '-L': stat?.kind === 'symlink',
    '-h': stat?.kind === 'symlink',
    '-s': stat !== null && stat.size > 0,
  };
  let told = truth[operator ?? ''];
  if (operator === '-r' || operator === '-w' || operator === '-x')
    told = stat !== null && (await host.access(path, operator.slice(1) as 'r' | 'w' | 'x', 'target'));
  if (told === undefined) return null;
  return told === negated ? 'fails' : 'ok';
}

async function made({ host }: Look, args: readonly string[], asRoot: boolean): Promise<Around['outcome']> {
  const words = args.filter((word, at) => !word.startsWith('-') && !/^(?:-m|--mode)$/.test(args[at - 1] ?? ''));
  const parents = args.some((word) => /^-\w*p|^--parents$/.test(word));
  for (const path of words) {
    if (!path.startsWith('/')) return null;
    const steps = ancestry(normalise(path));
    let last = '/';
    for (const step of steps) {
      if ((await host.stat(step, 'target').catch(asAbsent))?.kind !== 'directory') break;
      last = step;
    }
    if (last === steps.at(-1)) {
      if (!parents) return 'fails';
      continue;
    }
    if (!parents && last !== steps.at(-2)) return 'fails';
    if (!asRoot && !(await host.access(last, 'wx', 'target'))) return 'fails';
  }
  return 'ok';
}

/** Whether what is not there yet can be loaded is not told by its name. */
async function loaded({ host }: Look, args: readonly string[]): Promise<Around['outcome']> {
  if (args.some((word) => /^-\w*q|^--quiet$/.test(word))) return 'ok';
  for (const name of args.filter((word) => !word.startsWith('-'))) {
    const module = await host.stat(`/sys/module/${name.replaceAll('-', '_')}`, 'self').catch(asAbsent);
    if (module === null) return null;
  }
  return 'ok';
}
