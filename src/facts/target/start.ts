import { parseBuildkitdArgs } from '../../buildkit/flags.ts';
import type { Fact, Look } from '../../model/look.ts';
import type { Source } from '../../model/say.ts';
import { unitWords } from '../../text/unit-words.ts';
import { environment } from './environment.ts';
import { identity } from './identity.ts';
import { tellingDaemon } from './own-daemon.ts';
import { type Unit, unit } from './unit.ts';

/** How buildkitd is started, by what tells it best: the buildkitd that runs, else the unit, else nothing but the question. */
export interface Start {
  /** Where its flags come from. */
  readonly source: Extract<Source, 'process' | 'unit' | 'environment'>;
  readonly rootlesskit: Unit['rootlesskit'];
  readonly buildkitd: Omit<Unit['buildkitd'], 'path'> & { readonly path?: string };
}

export const start: Fact<Start | null> = {
  id: 'start',
  async read(look) {
    if (look.request.daemonless === true) return daemonless(look);
    const daemon = await look.get(tellingDaemon);
    if (daemon !== null) return { source: 'process', rootlesskit: daemon.rootlesskit, buildkitd: daemon.buildkitd };
    const service = await look.get(unit);
    return service === null ? null : { source: 'unit', rootlesskit: service.rootlesskit, buildkitd: service.buildkitd };
  },
};

/** What the script makes of its variables: it adds the address that it asks itself. */
async function daemonless(look: Look): Promise<Start> {
  const [{ target }, { values }] = await Promise.all([look.get(identity), look.get(environment)]);
  const runtime = target.uid === 0 ? '/run' : (values.XDG_RUNTIME_DIR ?? '');
  const args = [...unitWords(values.BUILDKITD_FLAGS ?? '').words, `--addr=unix://${runtime}/buildkit/buildkitd.sock`];
  return {
    source: 'environment',
    rootlesskit: null,
    buildkitd: { args, flags: parseBuildkitdArgs(args).flags },
  };
}
