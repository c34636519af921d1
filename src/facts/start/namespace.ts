import type { Fact, Look, NamespaceAnswer } from '../../model/look.ts';
import { asAbsent, Unseen } from '../../model/unseen.ts';
import { cacheDirectory } from '../config/cache-directory.ts';
import { settings } from '../config/settings.ts';
import { callersConfinement } from '../confinement/callers-confinement.ts';
import { processStatus } from '../machine/process-status.ts';
import { binaries } from '../programs/binaries.ts';
import { environment } from '../target/environment.ts';
import { launcher } from '../target/launcher.ts';
import { runtimeBinary } from './runtime-binary.ts';

/** The one launch of the real start-up chain, with every namespace probe made inside it. */
export const namespace: Fact<NamespaceAnswer> = {
  id: 'namespace',
  async read(look) {
    if (!look.request.probe) throw new Unseen('not probed (--no-probe)');
    const [by, found, { values }, options, directory, status] = await Promise.all([
      look.get(launcher),
      look.get(binaries),
      look.get(environment),
      look.get(settings),
      look.get(cacheDirectory).catch(asAbsent),
      look.get(processStatus).catch(asAbsent),
    ]);
    const rootlesskit = found.rootlesskit;
    if (by === 'rootlesskit' && !rootlesskit?.executable) {
      throw new Unseen(
        'rootlesskit is missing, so the namespaces that it would create could not be tried',
        'unshare --user --map-root-user true',
      );
    }
    const runtime = options.oci.enabled.value !== false ? await look.get(runtimeBinary) : null;
    // As real root a runtime makes control groups of the host's; of runc it is known how to keep it from that.
    const realRoot = by === 'none' && status?.inUserNamespace !== true;
    const tried = runtime?.executable === true && (!realRoot || /(?:^|[/-])runc$/.test(runtime.path));
    const ordinary = look.host.identity.self.uid !== 0 || status?.inUserNamespace === true;
    const answer = await look.host.probe(
      'namespace',
      {
        launcher:
          by === 'rootlesskit' && rootlesskit
            ? { path: rootlesskit.path, args: probeArgs(options.rootlesskitArgs) }
            : null,
        directory: directory?.nearest ?? null,
        runtime: tried
          ? { path: runtime.path, processSandbox: !options.oci.noProcessSandbox.value, withoutGroups: realRoot }
          : null,
        fuse: found['fuse-overlayfs']?.executable === true,
        survey: by === 'rootlesskit' && ordinary && directory?.exists ? (directory.real ?? directory.path) : null,
      },
      'target',
      values,
    );
    await demandOwnConfinement(look, answer);
    return answer;
  },
};

/** Under another confinement than that of the account's own processes, an outcome tells nothing that the confinement could have made so. */
async function demandOwnConfinement(look: Look, answer: NamespaceAnswer): Promise<void> {
  const { tighter, looser } = await look.get(callersConfinement);
  const { launch, proc, overlay, bindReadOnly, chown, step } = answer;
  const works = [launch, proc, overlay, bindReadOnly, chown, step].every((outcome) => outcome?.ok !== false);
  const by = works ? looser : tighter;
  if (by.length === 0) return;
  const { name, uid } = look.host.identity.target;
  throw new Unseen(
    `the trial ${works ? 'succeeded' : 'failed'} under the confinement of root who asks (${by.join(', ')}), which is not that of ${name ?? `user ${uid}`}`,
    `bk-doctor check, in a login of ${name ?? `user ${uid}`}`,
  );
}

/** The unit's rootlesskit options without those that would collide with a running instance. */
export function probeArgs(args: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (/^--?(state-dir|publish|p|evacuate-cgroup2)$/.test(arg)) at++;
    else if (!/^--?(state-dir|publish|p|evacuate-cgroup2)=/.test(arg)) kept.push(arg);
  }
  return kept;
}
