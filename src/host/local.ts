import { setTimeout } from 'node:timers/promises';
import type { Account, As, HostReader, Identity } from '../model/look.ts';
import { Unanswered, Unseen } from '../model/unseen.ts';
import { ENVIRONMENT_NAMES } from '../secrets/variables.ts';
import type { Budget } from './budget.ts';
import { hangingPoints } from './hanging.ts';
import { Scarce } from './looks/looker.ts';
import { SYSTEM_PATH } from './looks/run-tool.ts';
import { HOLDERS_MS, socketHolders } from './looks/socket-holder.ts';
import { Remote } from './remote.ts';
import { rootsAnswer } from './roots-place.ts';
import { type Call, carryOut, limitOf } from './verbs.ts';

const sameAccount = (a: Account, b: Account): boolean => a.uid === b.uid && a.gid === b.gid;

/** This machine. Looks as the target go through a process that has become it, or that can be killed. */
export function localHost(
  identity: Identity,
  given: NodeJS.ProcessEnv,
  budget: Budget,
): HostReader & { close(): Promise<void> } {
  const { self, target } = identity;
  const { call, close } = callsOf(identity, budget);
  const look =
    <T>(verb: Exclude<Call['verb'], 'run' | 'survey' | 'probe'>) =>
    (path: string, as: As) =>
      call({ verb, args: [path] }, as) as Promise<T>;

  return {
    identity,
    read: (path, as, limit, _kind, owner) =>
      call(
        {
          verb: 'read',
          args: owner !== undefined ? [path, limit, owner] : limit === undefined ? [path] : [path, limit],
        },
        as,
      ) as ReturnType<HostReader['read']>,
    stat: look('stat'),
    lstat: look('lstat'),
    readlink: look('readlink'),
    realpath: look('realpath'),
    list: look('list'),
    statfs: look('statfs'),
    mountOf: look('mountOf'),
    access: (path, mode, as) => call({ verb: 'access', args: [path, mode] }, as) as Promise<boolean>,
    env: async () => pickFrom(given, ENVIRONMENT_NAMES),
    now: () => Date.now(),
    run: (tool, args, as, path) => {
      const env = sameAccount(self, target) ? pickOwn(given, target) : ownOf(target);
      return call(
        { verb: 'run', args: [{ tool, args, path: as === 'self' ? SYSTEM_PATH : (path ?? SYSTEM_PATH), env }] },
        as,
      ) as ReturnType<HostReader['run']>;
    },
    survey: (tree, allowed, as) =>
      call({ verb: 'survey', args: [tree, allowed] }, as) as ReturnType<HostReader['survey']>,
    hardware: async () => (await import('./hardware.ts')).hardware(),
    socketHolder: socketHolders(HOLDERS_MS * budget.pace),
    probe: (name, input, as, environment) => call({ verb: 'probe', args: [name, input, environment] }, as) as never,
    close,
  };
}

/** Decides for each call who carries it out: this process, or one of its own as the target or where a look may hang. */
function callsOf(
  { self, target }: Identity,
  budget: Budget,
): { call(asked: Call, as: As): Promise<unknown>; close(): Promise<void> } {
  const own = sameAccount(self, target);
  const canBecome = own || self.uid === 0;
  let asTarget: Remote | null = null;
  let asSelf: Remote | null = null;
  const hanging = hangingPoints();
  const dead: string[] = [];

  async function here(request: Call): Promise<unknown> {
    if (limitOf(request) === 0) return onceThereIsRoom(() => carryOut(request));
    if (budget.left() === 0) throw new Unanswered(budget.usedUp);
    return budget.spend(Promise.resolve(carryOut(request, budget.left(), budget.pace)));
  }
  return {
    async call(asked, as) {
      let request = asked;
      // The kernel answers at once that no path is so long.
      if (typeof request.args[0] === 'string' && request.args[0].length > 4096) return carryOut(request);
      if (as === 'target' && !own) {
        if (!canBecome) return carryOutAsOther(request, target);
        asTarget ??= new Remote(target, budget, dead);
        const remote = asTarget;
        return rootsAnswer(request, target, hanging, () => remote.call(request));
      }
      if (request.verb === 'probe' || request.verb === 'run') return here(request);
      // What is known to answer at once stays here: a helper costs a process.
      const path = String(request.args[0]);
      if (/^\/(proc|sys|dev)(\/|$)/.test(path)) return here(request);
      const held = self.uid === 0 && !own && !/^\/(etc|usr|boot)\//.test(path);
      if (held) request = { ...request, held };
      if (hanging.length === 0) return here(request);
      asSelf ??= new Remote(null, budget, dead);
      return asSelf.call(request);
    },
    async close() {
      await Promise.all([asTarget?.close(), asSelf?.close()]);
    },
  };
}

/** So often, and after so long each, a look is tried again that was short of something: what runs beside it ends. */
const MOST_TRIES = 100;
const ROOM_MS = 20;

async function onceThereIsRoom<T>(look: () => T): Promise<Awaited<T>> {
  for (let tries = 1; ; tries++) {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof Scarce) || tries === MOST_TRIES) throw error;
      await setTimeout(ROOM_MS);
    }
  }
}

/** An ordinary user asked about another account: plain looks are made with our own rights, the rest cannot be made. */
async function carryOutAsOther(request: Call, target: Account): Promise<unknown> {
  switch (request.verb) {
    case 'access':
    case 'run':
    case 'probe':
    case 'survey':
      throw new Unseen(`only root can look as ${target.name ?? `user ${target.uid}`}`);
    case 'read':
    case 'stat':
    case 'lstat':
    case 'readlink':
    case 'realpath':
    case 'list':
    case 'statfs':
    case 'mountOf':
      return carryOut(request);
  }
}

type Variables = { [variable: string]: string };

function ownOf({ home, name, uid }: Account): Variables {
  return {
    ...(home === null ? {} : { HOME: home }),
    ...(name === null ? {} : { USER: name }),
    XDG_RUNTIME_DIR: `/run/user/${uid}`,
  };
}

function pickOwn(given: NodeJS.ProcessEnv, account: Account): Variables {
  const values = pickFrom(given, ['HOME', 'USER', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'DBUS_SESSION_BUS_ADDRESS']);
  return Object.keys(values).length === 0 ? ownOf(account) : values;
}

function pickFrom(given: NodeJS.ProcessEnv, names: readonly string[]): Variables {
  const values: Variables = {};
  for (const name of names) {
    const value = given[name];
    if (value !== undefined) values[name] = value;
  }
  return values;
}
