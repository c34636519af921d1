import { adviceOnEntitlement, entitlementNamed, meantEntitlement } from '../../buildkit/entitlements.ts';
import { nearestFlag } from '../../buildkit/flags.ts';
import { isFloating, meantTag } from '../../buildkit/image.ts';
import { flagOf, type Setup } from '../../documents/setup.ts';
import { type DocumentSubject, described } from '../../documents/subject.ts';
import type { At } from '../../documents/tree.ts';
import type { Check } from '../../model/decide.ts';
import { type ContainerEvidence, type Judging, judging, unless } from './judging.ts';

const needs = { document: described };

export const containerStart: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/start',
  title: 'The container starts buildkitd, with flags that it has',
  why: 'The image exists, its entrypoint makes the namespaces of rootless mode, and buildkitd ends at a flag that it does not know.',
  decides: true,
  conditions: [
    'image.tag-missing',
    'image.tag-floating',
    'args.unknown-flag',
    'args.entrypoint-lost',
    'args.flags-ignored',
    'shell.continuation-lost',
    'snapshotter.fuse-device-missing',
    'config.other-file',
    'entitlement.allowed',
    'entitlement.unknown',
    'env.xdg-runtime-dir',
    'env.home',
    'env.user',
    'env.tmpdir',
  ],
  needs,
  examine({ document }) {
    const judge = judging(document);
    for (const setup of document.setups) {
      judgeTag(judge, setup);
      if (setup.role !== 'daemon' && setup.role !== 'daemonless') continue;
      judgeEntrypoint(judge, setup);
      judgeFlags(judge, setup);
      judgeIgnored(judge, setup);
      judgeSnapshotter(judge, setup);
      judgeConfiguration(judge, setup);
      judgeEnvironment(judge, setup);
    }
    for (const stray of document.strays)
      judge.say(
        'shell.continuation-lost',
        'error',
        stray,
        `${stray.words} begins a command of its own: the line before it does not end with a backslash.`,
        'continuation',
      );
    return judge.found;
  },
};

function judgeTag({ say }: Judging, { container, official }: Setup): void {
  const { image } = container;
  if (image === null || !official) return;
  const { tag, written } = image.value;
  const meant = tag === null || image.value.digest !== null ? null : meantTag(tag);
  if (meant !== null)
    say('image.tag-missing', 'error', image, `${written} was never published; ${meant} is meant.`, 'tag', {
      container,
      values: { meant, tag: tag ?? '' },
    });
  else if (isFloating(image.value))
    say('image.tag-floating', 'info', image, `${written} is another image tomorrow.`, 'floating', { container });
}

function judgeEntrypoint({ say }: Judging, setup: Setup): void {
  const { container, flavour, official, entrypoint, privileged, uid } = setup;
  const first = container.entrypoint?.[0];
  const about = { container };
  if (entrypoint === 'flag' && first !== undefined)
    say(
      'args.entrypoint-lost',
      'error',
      first,
      `${first.value} takes the place of the image's entrypoint and is no program: the container does not start.`,
      'entrypoint-flag',
      about,
    );
  if (
    entrypoint === 'buildkitd' &&
    flavour === 'rootless' &&
    official &&
    !(privileged && uid === 0) &&
    first !== undefined
  )
    say(
      'args.entrypoint-lost',
      'error',
      first,
      `${first.value} takes the place of the image's entrypoint, rootlesskit: "rootless mode requires to be executed as the mapped root in a user namespace".`,
      'entrypoint-lost',
      about,
    );
  if (entrypoint !== 'image' || !official) return;
  const word = container.args?.[0];
  if (word !== undefined && /^(?:\/bin\/)?(?:sh|bash|ash|buildctl|buildctl-daemonless\.sh|sleep|cat)$/.test(word.value))
    say(
      'args.entrypoint-lost',
      'error',
      word,
      `${word.value} is handed to buildkitd, which ignores it: the image's entrypoint still starts the daemon.`,
      'entrypoint-kept',
      about,
    );
}

function judgeFlags({ say }: Judging, setup: Setup): void {
  const { container, flags } = setup;
  for (const flag of flags) {
    const { name, unknown, at } = flag;
    const about = { container, values: { name } };
    if (unknown) {
      const [joined] = name.split(/\s/);
      const meant = nearestFlag(name);
      const why = /\s/.test(name)
        ? `“--${name}” is one word: buildkitd looks for a flag of that whole name.`
        : isDockers(name)
          ? `--${name} is an option of docker run, not of buildkitd.`
          : `buildkitd has no flag --${name}${meant === null ? '' : `; --${meant} may be meant`}.`;
      say('args.unknown-flag', 'error', at, why, 'unknown-flag', {
        container,
        values: { name, meant: meant ?? '', joined: joined ?? '' },
      });
    } else if (name === 'oci-worker-no-process-sandbox' && /\s/.test(flag.value))
      say('args.unknown-flag', 'error', at, `“${flag.value}” is one word.`, 'unknown-flag', about);
    else if (name === 'allow-insecure-entitlement') judgeEntitlement({ say } as Judging, flag.value, at, container);
  }
}

export const isDockers = (name: string): boolean =>
  /^(?:security-opt|device|privileged|cap-add|cap-drop|volume|v|env|e|user|u|tmpfs|read-only|network|name|rm|userns)$/.test(
    name,
  );

export function judgeEntitlement(
  { say }: Pick<Judging, 'say'>,
  value: string,
  at: At<unknown> | Setup['flags'][number]['at'],
  container: Setup['container'] | null,
): void {
  for (const name of value.split(',')) {
    if (/[$]/.test(name)) continue;
    const known = entitlementNamed(name);
    const about = { container, values: { name } };
    if (known === null)
      say(
        'entitlement.unknown',
        'error',
        at,
        `There is no entitlement ${name}: buildkitd ends at it. ${adviceOnEntitlement(name, meantEntitlement(name))}`,
        'entitlement-unknown',
        about,
      );
    else
      say(
        'entitlement.allowed',
        'warning',
        at,
        `Builds may have ${name}. ${known.consequence.rootful}`,
        'entitlement',
        about,
      );
  }
}

/** Only buildctl-daemonless.sh reads BUILDKITD_FLAGS. */
function judgeIgnored({ say }: Judging, setup: Setup): void {
  const { container, role, official } = setup;
  if (role !== 'daemon' || !official) return;
  const variable = container.env.find(({ name }) => name === 'BUILDKITD_FLAGS');
  if (variable === undefined || variable.value === null || variable.value.trim() === '') return;
  // What is missing for want of the flag is told as that.
  const told = /no-process-sandbox/.test(variable.value) && setup.unprivileged;
  say(
    'args.flags-ignored',
    told ? 'info' : 'warning',
    variable,
    'buildkitd does not read BUILDKITD_FLAGS, only buildctl-daemonless.sh does: these flags do nothing here.',
    'flags-ignored',
    { container },
  );
}

function judgeSnapshotter({ say }: Judging, setup: Setup): void {
  const { container, privileged, unsure } = setup;
  const flag = flagOf(setup, 'oci-worker-snapshotter');
  if (flag?.value !== 'fuse-overlayfs' || privileged || container.devices.some(({ value }) => value === '/dev/fuse'))
    return;
  const mounted = container.mounts.some(({ target }) => target === '/dev/fuse');
  const why = mounted
    ? 'A hostPath of /dev/fuse is not enough: the device cgroup refuses it.'
    : 'There is no /dev/fuse in the container.';
  say(
    'snapshotter.fuse-device-missing',
    unless(unsure, 'error'),
    flag.at,
    `fuse-overlayfs needs /dev/fuse. ${why}`,
    'fuse',
    { container },
  );
}

/** The directory of buildkitd.toml in each mode. */
function judgeConfiguration({ say }: Judging, setup: Setup): void {
  const { container, flavour, uid, official } = setup;
  if (!official || flavour === 'unknown') return;
  const named = flagOf(setup, 'config');
  if (named !== undefined) {
    const isThere = container.mounts.some(
      ({ target }) => named.value === target || named.value.startsWith(`${target}/`),
    );
    if (!isThere && named.value.startsWith('/') && container.script === null)
      say(
        'config.other-file',
        'warning',
        named.at,
        `Nothing is mounted where --config names ${named.value}, and buildkitd takes a file that is not there for an empty one.`,
        'config-missing',
        { container },
      );
    return;
  }
  const rootless = flavour === 'rootless' && uid !== 0;
  const [read, other] = rootless
    ? ['/home/user/.config/buildkit', '/etc/buildkit']
    : ['/etc/buildkit', '/(?:home/user|root)/.config/buildkit'];
  if (container.env.some(({ name }) => name === 'XDG_CONFIG_HOME')) return;
  const mounts = container.mounts.filter(({ target }) => new RegExp(`^${other}(?:/buildkitd\\.toml)?$`).test(target));
  if (container.mounts.some(({ target }) => target.startsWith(read) || read.startsWith(`${target}/`))) return;
  for (const mount of mounts)
    say(
      'config.other-file',
      'warning',
      mount,
      `${rootless ? 'Rootless buildkitd' : 'buildkitd as root'} reads ${read}/buildkitd.toml: what is mounted on ${mount.target} is never read.`,
      'config-place',
      { container, values: { target: mount.target, read } },
    );
}

/** Variables that the rootless image sets, and that rootlesskit cannot do without. */
function judgeEnvironment({ say }: Judging, setup: Setup): void {
  const { container, unprivileged, official, unsure } = setup;
  if (!unprivileged || !official) return;
  for (const variable of container.env) {
    const { name, value } = variable;
    const about = { container, values: { name } };
    const wrong =
      name === 'XDG_RUNTIME_DIR' && value === ''
        ? (['env.xdg-runtime-dir', 'XDG_RUNTIME_DIR is empty: rootlesskit has no directory for its state.'] as const)
        : name === 'HOME' && value === '/root'
          ? (['env.home', 'HOME is /root, where uid 1000 may not write.'] as const)
          : name === 'USER' && value === 'root'
            ? (['env.user', 'USER is root: buildkitd takes the paths of root, where uid 1000 may not write.'] as const)
            : null;
    if (wrong !== null) say(wrong[0], unless(unsure, 'error'), variable, wrong[1], 'variable', about);
    if (
      name !== 'TMPDIR' ||
      value === null ||
      /^\/(?:tmp|home\/user\/\.local\/tmp|run\/user\/1000)(?:\/|$)/.test(value)
    )
      continue;
    if (container.mounts.some(({ target }) => value === target || value.startsWith(`${target}/`))) continue;
    say(
      'env.tmpdir',
      unless(unsure, 'error'),
      variable,
      `TMPDIR is ${value}, which the image does not have.`,
      'variable',
      about,
    );
  }
}
