import { flagOf, isOff, type Setup, withoutSandbox } from '../../documents/setup.ts';
import { type DocumentSubject, described } from '../../documents/subject.ts';
import type { Check } from '../../model/decide.ts';
import { type ContainerEvidence, type Judging, judging, unless } from './judging.ts';

const needs = { document: described };

export const containerAccount: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/account',
  title: 'buildkitd runs as the account that its image was made for',
  why: 'The rootless image knows uid and gid 1000 alone: its home, its subordinate ids and newuidmap belong to them. The other image runs as root.',
  decides: true,
  conditions: [
    'idmap.user-lookup-failed',
    'idmap.subid-missing',
    'idmap.nested-userns',
    'image.mode-mismatch',
    'config.invalid-value',
  ],
  needs,
  examine({ document }) {
    const judge = judging(document);
    for (const setup of document.setups) {
      if (setup.role !== 'daemon' && setup.role !== 'daemonless') continue;
      if (!setup.official) continue;
      judgeUser(judge, setup);
      judgeNonRoot(judge, setup);
      judgeNamespace(judge, setup);
      judgeSandboxFlag(judge, setup);
    }
    return judge.found;
  },
};

function judgeUser({ say }: Judging, setup: Setup): void {
  const { container, flavour, uid, privileged, unsure } = setup;
  const { user, group } = container.security;
  const about = { container };
  if (flavour === 'rootless') {
    if (user !== null && uid === 0 && !privileged)
      say(
        'idmap.subid-missing',
        unless(unsure, 'error'),
        user,
        'The rootless image has subordinate ids for uid 1000 alone: as root rootlesskit ends with "No subuid ranges found for user 0".',
        'account',
        about,
      );
    else if (user !== null && uid !== null && uid !== 1000 && uid !== 0)
      say(
        'idmap.user-lookup-failed',
        unless(unsure, 'error'),
        user,
        `The rootless image belongs to uid 1000: uid ${uid} may not write to its home, and has no subordinate ids.`,
        'account',
        about,
      );
    const gid = group?.value ?? '1000';
    if (group !== null && !['1000', 'user'].includes(gid) && !privileged && uid !== 0)
      say(
        'idmap.user-lookup-failed',
        unless(unsure, 'error'),
        group,
        `newuidmap refuses a process whose group (${gid}) is not the one of its account in /etc/passwd (1000).`,
        'account',
        about,
      );
  }
  if (flavour === 'rootful' && user !== null && uid !== 0 && uid !== null)
    say(
      'image.mode-mismatch',
      unless(unsure, 'error'),
      user,
      `This image starts buildkitd without rootlesskit, which only root can run; uid ${uid} needs the rootless image.`,
      'mode-mismatch',
      about,
    );
}

function judgeNonRoot({ say }: Judging, setup: Setup): void {
  const { container, flavour, uid, unsure } = setup;
  const { nonRoot, user } = container.security;
  if (nonRoot?.value !== true || uid !== 0 || (user === null && flavour !== 'rootful')) return;
  const why =
    user === null
      ? 'The image runs as root, and runAsNonRoot forbids that: the container is not made (CreateContainerConfigError).'
      : 'runAsNonRoot and runAsUser: 0 contradict each other: the container is not made (CreateContainerConfigError).';
  say('image.mode-mismatch', unless(unsure, 'error'), nonRoot, why, 'mode-mismatch', { container });
}

/** The ids of the rootless image (100000 to 165535) lie beyond the 65,536 of a pod's own namespace. */
function judgeNamespace({ say }: Judging, setup: Setup): void {
  const { container, flavour, userns, uid } = setup;
  const { hostUsers } = container.pod;
  const mapped = container.security.userns;
  if (flavour === 'rootless' && container.engine === 'podman' && mapped !== null && /^keep-id/.test(mapped.value))
    say(
      'idmap.nested-userns',
      'error',
      mapped,
      `Only rootless Podman has the user namespace ${mapped.value}, whose 65,536 ids do not hold the subordinate ids of this image (100000 to 165535): newuidmap fails.`,
      'podman-ids',
      { container },
    );
  if (flavour !== 'rootless' || !userns || hostUsers === null || uid === 0) return;
  say(
    'idmap.nested-userns',
    'error',
    hostUsers,
    "A pod with hostUsers: false has 65,536 ids unless the kubelet's userNamespaces.idsPerPod is at least 196608, and the subordinate ids of this image (100000 to 165535) are not among them: newuidmap fails.",
    'ids-per-pod',
    { container },
  );
}

/** buildkitd as real root refuses to go without its process sandbox. */
function judgeSandboxFlag({ say }: Judging, setup: Setup): void {
  const { container, flavour, uid, userns, flags, unsure } = setup;
  const flag = flags.find(({ name }) => name === 'oci-worker-no-process-sandbox');
  if (
    flag === undefined ||
    !withoutSandbox(setup) ||
    (uid !== 0 && uid !== null) ||
    flavour !== 'rootful' ||
    userns ||
    isOff(flagOf(setup, 'rootless'))
  )
    return;
  say(
    'config.invalid-value',
    unless(unsure, 'error'),
    flag.at,
    'buildkitd that runs as root ends with "can\'t enable NoProcessSandbox without Rootless": the flag is for the rootless image.',
    'sandbox-flag',
    { container },
  );
}
