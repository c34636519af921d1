import type { Level } from '../model/say.ts';
import type { Comparable, ComparableProblem } from './report-shape.ts';

/** One host of many. */
export interface MergedHost {
  readonly host: string;
  readonly level: Level;
  readonly summary: string;
  readonly startedAt: string;
}

/** Many hosts in one table. */
export interface Merged {
  readonly schema: 1;
  readonly levels: { readonly [L in Level]: number };
  readonly hosts: readonly MergedHost[];
  /** The most frequent first. */
  readonly conditions: readonly {
    readonly condition: string;
    readonly severity: ComparableProblem['severity'];
    readonly hosts: number;
    /** Some of them. */
    readonly examples: readonly string[];
  }[];
  /** In what hosts differ from most of the others. */
  readonly differences: readonly {
    readonly fact: string;
    readonly usual: string;
    readonly usualHosts: number;
    readonly others: readonly {
      readonly value: string;
      readonly hosts: number;
      readonly examples: readonly string[];
    }[];
  }[];
  /** Files that are no reports, and why. */
  readonly unread: readonly { readonly file: string; readonly reason: string }[];
}

/** Of hosts that share something so many are named. */
const MOST_EXAMPLES = 5;
/** A fact that has more values than this has none that is usual. */
const MOST_VALUES = 200;
const RANK = { error: 0, warning: 1, info: 2 } as const;
const LEVEL_RANK: { readonly [L in Level]: number } = { 'not-ready': 0, unknown: 1, degraded: 2, ready: 3 };

interface Tally {
  hosts: number;
  readonly examples: string[];
}

/** Takes report after report and keeps of each only what the table has: a line, and what is counted. */
export interface Merger {
  add(name: string, report: Comparable): void;
  refuse(file: string, reason: string): void;
  result(): Merged;
}

export function createMerger(): Merger {
  const hosts: MergedHost[] = [];
  const conditions = new Map<string, Tally & { severity: ComparableProblem['severity'] }>();
  const facts = new Map<string, Map<string, Tally>>();
  const unread: { file: string; reason: string }[] = [];
  return {
    add(name, { level, summary, startedAt, problems, facts: told }) {
      hosts.push({ host: name, level, summary, startedAt });
      const worst = new Map<string, ComparableProblem['severity']>();
      for (const { condition, severity } of problems) {
        const before = worst.get(condition);
        if (before === undefined || RANK[severity] < RANK[before]) worst.set(condition, severity);
      }
      for (const [condition, severity] of worst) {
        const tally = conditions.get(condition) ?? { hosts: 0, examples: [], severity };
        if (RANK[severity] < RANK[tally.severity]) tally.severity = severity;
        conditions.set(condition, tally);
        count(tally, name);
      }
      for (const [fact, value] of Object.entries(told)) {
        const values = facts.get(fact) ?? new Map<string, Tally>();
        facts.set(fact, values);
        const tally = values.get(value) ?? { hosts: 0, examples: [] };
        if (values.size < MOST_VALUES || values.has(value)) values.set(value, tally);
        count(tally, name);
      }
    },
    refuse(file, reason) {
      unread.push({ file, reason });
    },
    result: () => ({
      schema: 1,
      levels: levelsOf(hosts),
      hosts: hosts.toSorted((a, b) => LEVEL_RANK[a.level] - LEVEL_RANK[b.level] || compare(a.host, b.host)),
      conditions: [...conditions]
        .map(([condition, { severity, hosts: number, examples }]) => ({ condition, severity, hosts: number, examples }))
        .toSorted(
          (a, b) => RANK[a.severity] - RANK[b.severity] || b.hosts - a.hosts || compare(a.condition, b.condition),
        ),
      differences: [...facts].flatMap(([fact, values]) => differenceOf(fact, values, hosts.length)),
      unread,
    }),
  };
}

function count(tally: Tally, name: string): void {
  tally.hosts++;
  if (tally.examples.length < MOST_EXAMPLES) tally.examples.push(name);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function levelsOf(hosts: readonly MergedHost[]): Merged['levels'] {
  const levels = { ready: 0, degraded: 0, 'not-ready': 0, unknown: 0 };
  for (const { level } of hosts) levels[level]++;
  return levels;
}

/** What more than half of the hosts have is usual; nothing is where there is no such value. */
function differenceOf(fact: string, values: ReadonlyMap<string, Tally>, hosts: number): Merged['differences'] {
  const sorted = [...values].toSorted(([, a], [, b]) => b.hosts - a.hosts);
  const [usual, ...others] = sorted;
  if (usual === undefined || others.length === 0 || values.size >= MOST_VALUES || usual[1].hosts * 2 <= hosts)
    return [];
  return [
    {
      fact,
      usual: usual[0],
      usualHosts: usual[1].hosts,
      others: others.map(([value, { hosts: number, examples }]) => ({ value, hosts: number, examples })),
    },
  ];
}
