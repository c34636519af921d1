import type { HostReader, Probes, Request } from '../../src/model/look.ts';
import { Unseen } from '../../src/model/unseen.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../virtual-host.ts';
import { CONTAINERS } from './containers.ts';
import { DEBIAN_UBUNTU } from './debian-ubuntu.ts';
import { hostOf, type Listing, parseListing } from './listing.ts';
import type { Machine } from './machine.ts';
import { OTHERS } from './others.ts';
import { RED_HAT } from './red-hat.ts';

/** Every recorded machine, by its number. */
export const MACHINES: readonly Machine[] = [...DEBIAN_UBUNTU, ...RED_HAT, ...OTHERS, ...CONTAINERS].sort((a, b) =>
  a.id.localeCompare(b.id),
);

function listingOf({ id, like, listing }: Machine): Listing {
  if (like === undefined) return parseListing(listing);
  const base = MACHINES.find((machine) => machine.id === like);
  if (base === undefined) throw new Error(`${id} is like ${like}, which does not exist`);
  return parseListing(listing, listingOf(base));
}

/** A machine that answers probes as its recording says, or as its file tree implies. */
class RecordedMachine extends VirtualHost {
  readonly machine: Machine;
  constructor(machine: Machine, options: VirtualHostOptions) {
    super({ ...options, mode: machine.mode ?? 'rootless' });
    this.machine = machine;
  }
  override async probe<N extends keyof Probes>(name: N, input: Probes[N]['input']): Promise<Probes[N]['answer']> {
    const answer = await this.answer(name, input);
    if (answer === null) throw new Unseen('not recorded');
    return answer as Probes[N]['answer'];
  }
  private async answer(name: keyof Probes, input: unknown): Promise<Probes[keyof Probes]['answer'] | null> {
    switch (name) {
      case 'namespace':
        return namespaceOf(this.machine, input as Probes['namespace']['input']);
      case 'dtype':
        return 'answer' in this.machine.probe ? { told: true } : null;
      case 'lock':
        return { held: false, pid: null };
      case 'bind':
        return { errors: (input as Probes['bind']['input']).addresses.map(() => null) };
      case 'write': {
        const { directory } = input as Probes['write']['input'];
        const exists = (await this.stat(directory, 'target')) !== null;
        return { error: !exists ? 'ENOENT' : (await this.access(directory, 'wx', 'target')) ? null : 'EACCES' };
      }
      case 'connect': {
        const exists = (await this.stat((input as Probes['connect']['input']).path, 'target')) !== null;
        return { error: exists ? 'ECONNREFUSED' : 'ENOENT' };
      }
      case 'containerd':
      case 'program':
      case 'bolt':
      case 'snapshots':
      case 'pem':
      case 'keypair':
        return null;
    }
  }
}

/** The machine as something that can be examined, and the question asked of it. */
export function openMachine(machine: Machine, ask: Partial<Request> = {}): { host: HostReader; request: Request } {
  return {
    host: new RecordedMachine(machine, hostOf(listingOf(machine))),
    request: { ...ASK, ...machine.request, ...ask },
  };
}

function namespaceOf({ probe }: Machine, input: Probes['namespace']['input']): Probes['namespace']['answer'] {
  if (!('answer' in probe)) throw new Unseen(`not recorded: ${probe.notRecorded}`);
  const { answer } = probe;
  return {
    ...answer,
    fuseOverlay: input.fuse ? answer.fuseOverlay : null,
    fuseWrite: input.fuse ? (answer.fuseWrite ?? null) : null,
    survey: input.survey === null ? null : (answer.survey ?? (answer.launch.ok ? NOTHING_FOREIGN : null)),
  };
}
const NOTHING_FOREIGN = { entries: 0, foreign: 0, owners: {}, first: [], unentered: [] };
