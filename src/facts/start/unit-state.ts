import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import type { Cause } from '../../symptoms/judge.ts';
import { identity } from '../target/identity.ts';
import { type Unit, unit } from '../target/unit.ts';

/** What the manager that runs says of the unit (systemctl show). */
export interface UnitState {
  readonly load: string;
  readonly from: string;
  readonly needsReload: boolean;
  /** active, activating, failed, inactive … */
  readonly active: string;
  readonly sub: string;
  readonly result: string;
  /** enabled, disabled, static …; empty where there is no such file. */
  readonly file: string;
  readonly restarts: number;
}

const PROPERTIES = [
  'LoadState',
  'FragmentPath',
  'NeedDaemonReload',
  'ActiveState',
  'SubState',
  'Result',
  'UnitFileState',
  'NRestarts',
];

/** Null: there is no unit, or no manager answers. */
export const unitState: Fact<UnitState | null> = {
  id: 'unit-state',
  async read(look) {
    const service = await look.get(unit);
    return service === null ? null : stateOf(look, service);
  },
};

async function stateOf(look: Look, { scope, name }: Unit): Promise<UnitState | null> {
  const { host } = look;
  const { target } = await look.get(identity);
  const as = scope === 'user' ? 'target' : 'self';
  const socket = scope === 'user' ? `/run/user/${target.uid}/systemd/private` : '/run/systemd/private';
  if ((await host.stat(socket, as).catch(asAbsent))?.kind !== 'socket') return null;
  const args = [...(scope === 'user' ? ['--user'] : []), 'show', `--property=${PROPERTIES.join(',')}`, name];
  const told = await host.run('systemctl', args, as).catch(asAbsent);
  if (told === null || told.code !== 0) return null;
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(told.stdout)?.[1] ?? '';
  return {
    load: value('LoadState'),
    from: value('FragmentPath'),
    needsReload: value('NeedDaemonReload') === 'yes',
    active: value('ActiveState'),
    sub: value('SubState'),
    result: value('Result'),
    file: value('UnitFileState'),
    restarts: Number(value('NRestarts')) || 0,
  };
}

/** So often started again means that it does not come up. */
export const MANY_RESTARTS = 3;

export const isInTrouble = ({ active, sub, restarts }: UnitState): boolean =>
  active === 'failed' || sub === 'auto-restart' || (active === 'activating' && restarts >= MANY_RESTARTS);

/** The last words of a unit that failed, and what they mean. */
export interface UnitJournal {
  /** The last line of the daemon or its launcher; null: there is none. */
  readonly last: string | null;
  readonly cause: Pick<Cause, 'condition' | 'excerpt'> | null;
  /** It ended because it was told to. */
  readonly stopped: boolean;
}

const LINES = '60';

/** Read only where the unit is in trouble; null where it is not, or where the journal does not answer. */
export const unitJournal: Fact<UnitJournal | null> = {
  id: 'unit-journal',
  async read(look) {
    const [service, state, { target }] = await Promise.all([look.get(unit), look.get(unitState), look.get(identity)]);
    if (service === null || state === null || !isInTrouble(state)) return null;
    const { scope, name } = service;
    const match =
      scope === 'user'
        ? [`_SYSTEMD_USER_UNIT=${name}`, `_UID=${target.uid}`, '+', `USER_UNIT=${name}`, `_UID=${target.uid}`]
        : [`_SYSTEMD_UNIT=${name}`, '+', `UNIT=${name}`];
    const args = ['--no-pager', '--quiet', '--output=cat', `--lines=${LINES}`, ...match];
    const told = await look.host.run('journalctl', args, 'self').catch(asAbsent);
    if (told === null || told.code !== 0) return null;
    return journalOf(told.stdout, name);
  },
};

async function journalOf(text: string, name: string): Promise<UnitJournal> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  // What the manager says begins with the name of the unit, or with what it does.
  const isManagers = (line: string): boolean =>
    line.startsWith(`${name}: `) || /^(?:Start|Stop|Fail|Schedul)\w+ /.test(line);
  const began = Math.max(
    0,
    lines.findLastIndex((line) => /^(?:Started|Starting) /.test(line)),
  );
  const own = lines.slice(began).filter((line) => !isManagers(line));
  return {
    last: (own.at(-1) ?? lines.findLast((line) => !isManagers(line)) ?? null)?.slice(0, 300) ?? null,
    cause: await causeIn(lines.slice(began).join('\n')),
    stopped: lines.slice(began).some((line) => line.startsWith('Stopping ')),
  };
}

/** By the knowledge of `explain`, which is loaded only here. */
async function causeIn(text: string): Promise<UnitJournal['cause']> {
  const [{ judged }, { knowledgeOf }, { readerOf }] = await Promise.all([
    import('../../symptoms/judge.ts'),
    import('../../symptoms/knowledge.ts'),
    import('../../symptoms/reader.ts'),
  ]);
  // What is looked for is ASCII.
  const reader = readerOf(knowledgeOf(), (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  reader.feed(Uint8Array.from(text, (character) => Math.min(character.charCodeAt(0), 127)));
  const [best] = judged(reader.end().sightings).causes;
  return best === undefined ? null : { condition: best.condition, excerpt: best.excerpt };
}
