import { readFileSync } from 'node:fs';
import { findTool, SYSTEM_PATH } from './looks/run-tool.ts';

/** Limits below which what we start may fail by them alone; the name of each in /proc/PID/limits and to prlimit(1). */
const LEAST: readonly (readonly [name: string, option: string, least: number])[] = [
  ['Max cpu time', 'cpu', Number.POSITIVE_INFINITY],
  ['Max file size', 'fsize', Number.POSITIVE_INFINITY],
  ['Max data size', 'data', Number.POSITIVE_INFINITY],
  ['Max address space', 'as', Number.POSITIVE_INFINITY],
  ['Max stack size', 'stack', 1024 * 1024],
  ['Max processes', 'nproc', 1024],
  ['Max open files', 'nofile', 256],
  ['Max pending signals', 'sigpending', 100],
];
/** What a login commonly has of those that are not endless there. */
const USUAL: { readonly [option: string]: number } = {
  stack: 8 * 1024 * 1024,
  nproc: 65536,
  nofile: 1024,
  sigpending: 65536,
};
const CAP_SYS_RESOURCE = 1n << 24n;

/** Words to put before a program, or why none would help. */
export type WithoutLimits = { readonly before: readonly string[] } | { readonly why: string };

/**
 * What to put before a program of another account that root starts, so that it is not under limits of root's own shell: those
 * of that account are judged by themselves. No words where nothing is low.
 */
export function withoutOwnLimits(
  limits = readFileSync('/proc/self/limits', 'latin1'),
  status = readFileSync('/proc/self/status', 'latin1'),
): WithoutLimits {
  const low = LEAST.flatMap(([name, option, least]) => {
    const [, soft = '', hard = ''] = new RegExp(`^${name}\\s+(\\w+)\\s+(\\w+)`, 'm').exec(limits) ?? [];
    const highest = hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
    return /^\d+$/.test(soft) && Number(soft) < least ? [{ option, least, highest, name }] : [];
  });
  if (low.length === 0) return { before: [] };
  const prlimit = findTool('prlimit', SYSTEM_PATH);
  const effective = BigInt(`0x${/^CapEff:\s*([\da-f]+)/im.exec(status)?.[1] ?? '0'}`);
  const mayRaise = (effective & CAP_SYS_RESOURCE) !== 0n;
  const stuck = low.find(({ highest, least }) => prlimit === null || (!mayRaise && highest < least));
  if (prlimit === null || stuck !== undefined)
    return {
      why: `it would be under a limit of root's own shell that it may not raise (ulimit: ${stuck?.name.toLowerCase()})`,
    };
  const words = low.map(({ option, highest }) => {
    const wanted = Math.min(USUAL[option] ?? Number.POSITIVE_INFINITY, mayRaise ? Number.POSITIVE_INFINITY : highest);
    const text = wanted === Number.POSITIVE_INFINITY ? 'unlimited' : String(wanted);
    return `--${option}=${text}:${highest > wanted ? '' : text}`;
  });
  return { before: [prlimit, ...words] };
}
