import { buildkitdFlags } from '../../buildkit/flags.ts';
import { flavourOf, isBuildkitImage, meantTag, parseImage } from '../../buildkit/image.ts';
import type { Builder } from '../../documents/container.ts';
import { type DocumentSubject, described } from '../../documents/subject.ts';
import type { Check } from '../../model/decide.ts';
import { nearest } from '../../text/nearest.ts';
import { type ContainerEvidence, type Judging, judging } from './judging.ts';
import { isDockers, judgeEntitlement } from './start.ts';

const needs = { document: described };

export const containerBuilder: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/builder',
  title: 'docker buildx can make the builder that is asked for',
  why: 'buildx refuses options that a driver does not have, and starts buildkitd with whatever flags it is given.',
  decides: true,
  conditions: [
    'buildx.builder-misconfigured',
    'image.mode-mismatch',
    'image.tag-missing',
    'args.unknown-flag',
    'config.invalid-value',
    'entitlement.allowed',
    'entitlement.unknown',
  ],
  needs,
  examine({ document }) {
    const judge = judging(document);
    for (const builder of document.builders) judgeBuilder(judge, builder);
    return judge.found;
  },
};

/** Options of each driver (buildx v0.38.2). */
const OPTIONS: { readonly [driver: string]: readonly string[] } = {
  kubernetes:
    'image namespace replicas requests.cpu requests.memory requests.ephemeral-storage limits.cpu limits.memory limits.ephemeral-storage persistent-volume-claim.requests.storage rootless schedulername serviceaccount nodeselector annotations labels tolerations loadbalance qemu.install qemu.image buildkit-root-volume-memory default-load timeout'.split(
      ' ',
    ),
  'docker-container':
    'image memory memory-swap cpu-quota cpu-period cpu-shares cpuset-cpus cpuset-mems default-load network cgroup-parent restart-policy gpus provenance-add-gha allow-untrusted-image'.split(
      ' ',
    ),
  remote: 'key cert cacert servername default-load'.split(' '),
};

function judgeBuilder({ say }: Judging, builder: Builder): void {
  const driver = builder.driver?.value ?? 'docker-container';
  const known = OPTIONS[driver];
  const option = (name: string) => builder.options.findLast((one) => one.name === name);
  for (const given of builder.options) {
    if (known === undefined || known.includes(given.name) || given.name.startsWith('env.') || /[$]/.test(given.name))
      continue;
    const meant = nearest(given.name, known);
    say(
      'buildx.builder-misconfigured',
      'error',
      given,
      `The driver ${driver} has no option ${given.name}${meant === null ? '' : `; ${meant} may be meant`}: buildx refuses it.`,
      'driver-option',
      { values: { name: given.name, meant: meant ?? '' } },
    );
  }
  if (driver === 'remote' && (builder.flags.length > 0 || builder.config !== null))
    say(
      'buildx.builder-misconfigured',
      'error',
      builder.config ?? builder.flags[0] ?? builder,
      'The driver remote starts no buildkitd, and takes neither its flags nor its configuration.',
      'remote',
    );
  const image = option('image');
  const rootless = /^(?:true|1)$/.test(option('rootless')?.value ?? '');
  const parsed = image === undefined ? null : parseImage(image.value);
  const flavour =
    parsed === null ? (rootless ? 'rootless' : 'rootful') : isBuildkitImage(parsed) ? flavourOf(parsed) : 'unknown';
  if (image !== undefined && parsed !== null && isBuildkitImage(parsed)) {
    const meant = parsed.tag === null || parsed.digest !== null ? null : meantTag(parsed.tag);
    if (meant !== null)
      say('image.tag-missing', 'error', image, `${image.value} was never published; ${meant} is meant.`, 'tag', {
        values: { meant, tag: parsed.tag ?? '' },
      });
    if (driver === 'kubernetes' && rootless && flavour === 'rootful')
      say(
        'image.mode-mismatch',
        'error',
        image,
        'With rootless=true the pod has no privilege, and this image runs buildkitd as root, with a flag that root refuses.',
        'builder-mode',
        { values: { image: image.value } },
      );
  }
  judgeFlags({ say }, builder, flavour === 'rootful' && !rootless);
}

function judgeFlags({ say }: Pick<Judging, 'say'>, { flags }: Builder, isRoot: boolean): void {
  const unknown: string[] = [];
  for (const flag of buildkitdFlags(flags.map(({ value }) => value))) {
    const at = flags[flag.first];
    if (at === undefined) continue;
    if (flag.unknown) unknown.push(flag.name);
    else if (flag.name === 'allow-insecure-entitlement') judgeEntitlement({ say }, flag.value, at, null);
    else if (flag.name === 'oci-worker-no-process-sandbox' && isRoot)
      say(
        'config.invalid-value',
        'error',
        at,
        'buildkitd that runs as root ends with "can\'t enable NoProcessSandbox without Rootless": the flag is for the rootless image.',
        'sandbox-flag',
      );
  }
  const at = flags[0];
  if (at === undefined || unknown.length === 0) return;
  const names = [...new Set(unknown)].map((name) => `--${name}`).join(', ');
  const whose = unknown.some(isDockers) ? 'options of docker run, not of buildkitd' : 'no flags of buildkitd';
  say(
    'args.unknown-flag',
    'error',
    at,
    `${names}: ${whose}, which ends at ${unknown.length === 1 ? 'it' : 'them'}.`,
    'builder-flags',
    { values: { names } },
  );
}
