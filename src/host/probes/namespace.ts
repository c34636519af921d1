import type { NamespaceAnswer, NamespaceProbe } from '../../model/look.ts';
import { runProgram } from '../looks/run-tool.ts';
import type { Waiting } from '../looks/waiting.ts';
import { failureOf } from './launch-failure.ts';
import { namespaceAnswers } from './namespace-answers.ts';
import { launchOf } from './namespace-launch.ts';
import { isFiltered, tryUnixSocket } from './unix-socket.ts';

const LAUNCH_MS = 20_000;
const SURVEY_MS = 120_000;

/** Milliseconds that the launch may take, unless it gets on. */
export function limitOfNamespace({ survey }: NamespaceProbe): number {
  return survey === null ? LAUNCH_MS : SURVEY_MS;
}

/** Launches the real chain once and makes every probe inside it. What the script did not answer stays null. */
export async function probeNamespace(
  input: NamespaceProbe,
  environment: { readonly [name: string]: string },
  waiting: Waiting = { timeoutMs: limitOfNamespace(input) },
): Promise<NamespaceAnswer> {
  const answers = namespaceAnswers();
  const [path, args] = launchOf(input, environment);
  const began = performance.now();
  const ran = await runProgram(path, args, { env: environment, ...waiting, onStdout: answers.take });
  const { outcome, idMap } = answers;
  const log = ran.stderr.slice(-4096);
  const ready = answers.get('ready') === 'ok';
  const { XDG_RUNTIME_DIR: runtime } = environment;
  const sockets = isFiltered() ? await tryUnixSocket([...(runtime ? [runtime] : []), '/tmp']) : null;
  return {
    launch: ready
      ? { ok: true }
      : {
          ok: false,
          ...failureOf(ran.timedOut ? performance.now() - began : null, ran.stderr, input.launcher !== null),
        },
    log,
    uidMap: idMap('uidmap'),
    gidMap: idMap('gidmap'),
    isolate: outcome('isolate'),
    proc: outcome('proc'),
    overlay: outcome('overlay'),
    fuseOverlay: input.fuse ? outcome('fuse') : null,
    fuseWrite: input.fuse && answers.get('fusewrite') !== undefined ? outcome('fusewrite') : null,
    step: outcome('step'),
    bindReadOnly: outcome('bind'),
    chown: outcome('chown'),
    ...(answers.get('files') === undefined ? {} : { files: outcome('files') }),
    ...(sockets === null ? {} : { sockets }),
    survey: answers.survey(ran.stderr),
  };
}
