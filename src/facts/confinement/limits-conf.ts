import type { Position } from '../../model/decide.ts';
import type { Account } from '../../model/look.ts';

/** One line of limits.conf(5) that counts for an account. */
export interface LimitLine {
  readonly value: number | null;
  /** As it is written, without the account that it is for. */
  readonly text: string;
  readonly at: Position;
}
/** What pam_limits sets; absent: it leaves that limit as it is. A value of null: none at all. */
export interface LoginLimit {
  readonly soft?: LimitLine;
  readonly hard?: LimitLine;
}
export type LoginLimits = { readonly [item: string]: LoginLimit };

export interface LimitsFile {
  readonly path: string;
  readonly text: string;
}

/** Those that are counted in KiB or in minutes; every other one as it is. */
const UNIT: { readonly [item: string]: number } = {
  core: 1024,
  data: 1024,
  fsize: 1024,
  memlock: 1024,
  rss: 1024,
  stack: 1024,
  as: 1024,
  cpu: 60,
};

/** How close a line is to the account: the closest counts, of equal ones the last (pam_limits.c, parse_config_file). */
const NEVER = 3;

/** Names of groups that the account is in. */
type Groups = ReadonlySet<string>;

/** Limits of an account by the lines of all files, in their order; none where a line lets the account go ("bob -"). */
export function limitsFor(files: readonly LimitsFile[], account: Account, groups: Groups): LoginLimits {
  const found: { [item: string]: { soft?: LimitLine; hard?: LimitLine } } = Object.create(null);
  const closest = new Map<string, number>();
  for (const { path, text } of files)
    for (const [index, row] of text.split('\n').entries()) {
      const [domain = '', type = '', name = '', value = ''] = row.replace(/#.*/s, '').trim().split(/\s+/);
      const distance = distanceOf(domain, account, groups);
      if (distance === NEVER) continue;
      if (type === '-' && name === '') return {};
      const item = name.toLowerCase();
      const limit = limitValue(item, value);
      if (limit === undefined || !/^(?:soft|hard|-)$/i.test(type)) continue;
      const line = {
        value: limit,
        text: `${type} ${name} ${value}`,
        at: { path, line: index + 1, column: row.length - row.trimStart().length + 1 },
      };
      for (const kind of ['soft', 'hard'] as const) {
        if (type !== '-' && type.toLowerCase() !== kind) continue;
        if (distance > (closest.get(`${kind} ${item}`) ?? NEVER)) continue;
        closest.set(`${kind} ${item}`, distance);
        found[item] = { ...found[item], [kind]: line };
      }
    }
  return found;
}

/** Neither groups nor the wildcard count for root. */
function distanceOf(domain: string, { name, uid, gid, groups: ids }: Account, groups: Groups): number {
  if (domain === name || isInRange(domain, uid, [uid])) return 0;
  if (uid === 0) return NEVER;
  if (!domain.startsWith('@')) return domain === '*' ? 2 : NEVER;
  const group = domain.slice(1);
  return groups.has(group) || isInRange(group, gid, ids) ? 1 : NEVER;
}

/** "1000:2000" and "1000:" for the first id, ":1000" for that one alone among all. */
function isInRange(text: string, first: number, all: readonly number[]): boolean {
  const [, from = '', to = ''] = /^(\d*):(\d*)$/.exec(text) ?? [];
  if (from === '') return to !== '' && (first === Number(to) || all.includes(Number(to)));
  return first >= Number(from) && (to === '' || first <= Number(to));
}

function limitValue(item: string, text: string): number | null | undefined {
  if (item === '' || text === '') return undefined;
  if (/^(?:-1|-|unlimited|infinity)$/i.test(text)) return null;
  return /^\d+$/.test(text) ? Number(text) * (UNIT[item] ?? 1) : undefined;
}
