import { type Setup, withoutSandbox } from '../../documents/setup.ts';
import { type DocumentSubject, described } from '../../documents/subject.ts';
import type { At, Place } from '../../documents/tree.ts';
import type { NodeTraits } from '../../knowledge/nodes.ts';
import type { Check } from '../../model/decide.ts';
import { type ContainerEvidence, type Judging, judging, unless } from './judging.ts';

const needs = { document: described };

export const containerConfinement: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/confinement',
  title: 'What confines the container lets BuildKit make its namespaces',
  why: 'BuildKit makes namespaces and mounts for each step; a seccomp or AppArmor profile, a masked /proc or capabilities that are taken away stop it, mostly at the first RUN.',
  decides: true,
  conditions: [
    'seccomp.blocked',
    'seccomp.unset',
    'apparmor.mount-denied',
    'apparmor.unset',
    'proc.masked',
    'idmap.no-new-privs',
    'idmap.bounding-set',
    'container.not-privileged',
    'runtime.sandbox-incompatible',
  ],
  needs,
  examine({ document }) {
    const judge = judging(document);
    for (const setup of document.setups) {
      const { role } = setup;
      if (role === 'client' || role === 'idle') continue;
      judgeSandbox(judge, setup);
      if (role === 'dind') judgeDind(judge, setup);
      else if (isConfined(setup)) {
        judgeSeccomp(judge, setup, document.node);
        judgeAppArmor(judge, setup, document.node);
        judgeProc(judge, setup);
        judgePrivileges(judge, setup);
        judgeRoot(judge, setup);
      }
    }
    return judge.found;
  },
};

const isConfined = ({ privileged }: Setup): boolean => !privileged;

/** Where something that is missing would be written. */
const missingAt = ({ container }: Setup): Place => container.security.at ?? container;

const holds = (list: readonly At<string>[], ...names: readonly string[]): boolean =>
  list.some(({ value }) => names.includes(value.toUpperCase().replace(/^CAP_/, '')));

/** As root without privilege, mounts need CAP_SYS_ADMIN, and that counts only in a user namespace of the pod's own. */
const isAdminInUserns = ({ userns, container, flavour }: Setup): boolean =>
  userns && flavour !== 'rootless' && holds(container.security.add, 'SYS_ADMIN', 'ALL');

function judgeSeccomp({ say }: Judging, setup: Setup, node: NodeTraits | null): void {
  const { container, unprivileged, unsure } = setup;
  const { engine, security } = container;
  const { seccomp } = security;
  if (!unprivileged && !isAdminInUserns(setup) && !(unsure && seccomp !== null && setup.flavour === 'unknown')) return;
  if (setup.userns && setup.flavour === 'rootless') return;
  const about = { container };
  if (seccomp === null) {
    if (container.pod.partial || engine === 'ci') return;
    if (engine === 'kubernetes' && node?.seccompDefault === false) return;
    if (engine === 'kubernetes' && node?.seccompDefault === true)
      say(
        'seccomp.blocked',
        'error',
        missingAt(setup),
        `No seccomp profile is named, and on ${node.name} the kubelet then uses RuntimeDefault, which forbids the namespaces that BuildKit makes.`,
        'seccomp-unset',
        about,
      );
    else if (engine === 'kubernetes')
      say(
        'seccomp.unset',
        'warning',
        missingAt(setup),
        'No seccomp profile is named: where the kubelet has seccompDefault, RuntimeDefault is used, and that forbids the namespaces that BuildKit makes.',
        'seccomp-unset',
        about,
      );
    else {
      const name =
        engine === 'podman'
          ? "Podman's default seccomp profile forbids sethostname, so every RUN step fails"
          : "Docker's default seccomp profile forbids the namespaces that BuildKit makes, so it does not start";
      say('seccomp.blocked', unless(unsure, 'error'), container, `${name}.`, 'seccomp-blocked', about);
    }
  } else if (seccomp.value === 'default') {
    const admin = holds(security.add, 'SYS_ADMIN');
    const why = admin
      ? 'The default profile opens mounts to CAP_SYS_ADMIN but forbids keyctl, so buildkitd starts and every RUN step fails.'
      : 'The default seccomp profile forbids clone and unshare with new namespaces: rootlesskit ends with "operation not permitted".';
    say('seccomp.blocked', unless(unsure, 'error'), seccomp, why, 'seccomp-blocked', about);
  }
}

function judgeAppArmor({ say }: Judging, setup: Setup, node: NodeTraits | null): void {
  const { container, unprivileged, unsure } = setup;
  const { apparmor } = container.security;
  if (!unprivileged && !isAdminInUserns(setup)) return;
  if (setup.userns && setup.flavour === 'rootless') return;
  const about = { container };
  if (apparmor?.value === 'default')
    say(
      'apparmor.mount-denied',
      unless(unsure, 'error'),
      apparmor,
      "The runtime's AppArmor profile denies mount, and a node without AppArmor refuses the pod.",
      'apparmor-denied',
      about,
    );
  else if (apparmor !== null || container.pod.partial || container.engine === 'ci' || node?.apparmor === false) return;
  else if (node?.apparmor === true)
    say(
      'apparmor.mount-denied',
      'error',
      missingAt(setup),
      `No AppArmor profile is named, and on ${node.name} the runtime's own is used, which denies mount.`,
      'apparmor-unset',
      about,
    );
  else if (container.engine === 'kubernetes')
    say(
      'apparmor.unset',
      'warning',
      missingAt(setup),
      "No AppArmor profile is named: on nodes with AppArmor (Ubuntu, Debian, COS, SUSE) the runtime's own is used, which denies mount.",
      'apparmor-unset',
      about,
    );
}

/** A step gets a /proc of its own, unless builds share buildkitd's; with a masked one the kernel refuses that. */
function judgeProc({ say }: Judging, setup: Setup): void {
  const { container, unprivileged, role, userns, openFlags } = setup;
  const { unmasked } = container.security;
  if (!unprivileged || userns || unmasked?.value === true || withoutSandbox(setup) || container.pod.partial) return;
  const ignored = container.env.find(
    ({ name, value }) => role === 'daemon' && name === 'BUILDKITD_FLAGS' && /no-process-sandbox/.test(value ?? ''),
  );
  const why =
    ignored === undefined
      ? 'The /proc of the container is masked, so the kernel refuses a /proc to each RUN step, and --oci-worker-no-process-sandbox is not given.'
      : 'buildkitd does not read BUILDKITD_FLAGS (only buildctl-daemonless.sh does): --oci-worker-no-process-sandbox is missing, and every RUN step fails at mounting /proc.';
  say(
    'proc.masked',
    openFlags ? 'warning' : 'error',
    ignored ?? container,
    openFlags ? `${why} Perhaps a variable that is not in this file gives it.` : why,
    ignored === undefined ? 'proc-masked' : 'flags-ignored',
    { container, values: { role } },
  );
}

function judgePrivileges({ say }: Judging, setup: Setup): void {
  const { container, unprivileged, unsure } = setup;
  const { escalation, drop, add } = container.security;
  const maybe = unprivileged || (setup.flavour === 'unknown' && setup.uid !== 0);
  if (!maybe) return;
  if (escalation?.value === false)
    say(
      'idmap.no-new-privs',
      unless(unsure, 'error'),
      escalation,
      'Without privilege escalation the setuid bit of newuidmap does not count: "newuidmap: Could not set caps".',
      'no-new-privs',
      { container },
    );
  const missing = ['SETUID', 'SETGID'].filter((name) => holds(drop, 'ALL', name) && !holds(add, 'ALL', name));
  const first = drop.find(({ value }) => /^(?:CAP_)?(?:ALL|SETUID|SETGID)$/i.test(value));
  if (missing.length > 0 && first !== undefined)
    say(
      'idmap.bounding-set',
      unless(unsure, 'error'),
      first,
      `newuidmap and newgidmap need CAP_SETUID and CAP_SETGID; ${missing.map((name) => `CAP_${name}`).join(' and ')} ${missing.length === 1 ? 'is' : 'are'} taken away here.`,
      'bounding-set',
      { container, values: { missing: missing.join(' ') } },
    );
}

/** buildkitd as root without rootlesskit. */
function judgeRoot({ say }: Judging, setup: Setup): void {
  const { container, flavour, uid, unsure } = setup;
  if (flavour !== 'rootful' || (uid !== 0 && uid !== null) || isAdminInUserns(setup)) return;
  // What a runner allows is not in the file of its job.
  if (container.engine === 'ci' || unsure) return;
  const what = setup.userns
    ? 'In a user namespace of its own the pod still needs privileged: true, or CAP_SYS_ADMIN with the profiles Unconfined, to mount anything.'
    : 'This image runs buildkitd as root, which needs a privileged container: without it nothing can be mounted.';
  const place = container.security.privileged ?? container.image ?? container;
  say('container.not-privileged', 'error', place, what, 'not-privileged', { container });
}

function judgeDind({ say }: Judging, setup: Setup): void {
  const { container, privileged } = setup;
  if (privileged || container.engine === 'ci' || container.pod.partial) return;
  // A service of a CI job is made as its runner says.
  const open = container.security.seccomp?.value === 'unconfined';
  if (setup.flavour === 'rootless' && open) return;
  say(
    'container.not-privileged',
    'error',
    container.image ?? container,
    'Docker in Docker needs a privileged container.',
    'dind-not-privileged',
    { container },
  );
}

/** Sandboxes that are no ordinary kernel. */
function judgeSandbox({ say }: Judging, setup: Setup): void {
  const { runtimeClass } = setup.container.pod;
  if (runtimeClass === null || !/gvisor|runsc/i.test(runtimeClass.value)) return;
  say(
    'runtime.sandbox-incompatible',
    'error',
    runtimeClass,
    `The runtime class ${runtimeClass.value} is gVisor, which lacks the mounts that BuildKit makes.`,
    'sandbox',
    { container: setup.container },
  );
}
