import { withoutSandbox } from '../../documents/setup.ts';
import { field, has } from '../../documents/tree.ts';
import { beforeTrailing } from '../../text/trailing.ts';
import { type Change, replaced, withoutField, withoutItems, withoutLine } from './change.ts';
import { type Ailment, fixBy, type Remedy, SHARED_PROCESSES } from './remedy.ts';
import { flagChange } from './words.ts';

function asImage({ problem, document, text, container, engine }: Ailment): Remedy {
  const security = container?.security;
  const at = problem.subject === security?.group?.path ? security.group : (security?.user ?? null);
  if (engine === 'kubernetes')
    return {
      say: ['Set runAsUser: 1000 and runAsGroup: 1000, or leave both out: the image names them.'],
      changes: at === null ? null : replaced(at, '1000'),
    };
  const changes =
    at === null
      ? null
      : document.kind === 'quadlet'
        ? withoutLine(text, at.span)
        : document.kind === 'compose' && container?.yaml != null
          ? withoutField(container.yaml, 'user')
          : [{ start: at.span.start, end: at.span.end + 1, text: '' }];
  return { say: ['Leave the user out: the image names uid and gid 1000.'], changes };
}

export const runAsTheImage = fixBy('Run as the account of the image', {
  account: asImage,
  'mode-mismatch': () => ({
    say: [
      'Take the rootless image (a tag that ends in -rootless) to run as an ordinary account, or leave the account out and make the container privileged.',
    ],
  }),
  'podman-ids': () => ({
    say: [
      'Take the image that is not rootless, with --privileged: in rootless Podman that is root of the namespace of the user alone.',
    ],
  }),
  'ids-per-pod': (ailment) => ({
    say: [
      "Leave hostUsers out, with seccompProfile and appArmorProfile of type Unconfined and the flag --oci-worker-no-process-sandbox; or take the image that is not rootless, with hostUsers: false and privileged: true; or set userNamespaces.idsPerPod: 196608 or more in the kubelet's configuration.",
    ],
    changes: ofTheHost(ailment),
    consequence: `The pod is then in the user namespace of its node, and less of the kernel is kept from it. ${SHARED_PROCESSES}`,
  }),
  'sandbox-flag': ({ container, text, problem }) => ({
    say: ['Leave --oci-worker-no-process-sandbox out.'],
    changes: removeFlag(container, text, problem.subject, '--oci-worker-no-process-sandbox'),
  }),
});

/** The rootless image in the node's own user namespace: without hostUsers and procMount, with the flag. */
function ofTheHost(ailment: Ailment): readonly Change[] | null {
  const { container, document } = ailment;
  const setup = document.setups.find((one) => one.container === container);
  if (container?.yaml == null || setup === undefined) return null;
  const security = field(container.yaml, 'securityContext');
  const fewer = withoutField(container.pod.spec, 'hostUsers');
  const unmasked = has(security, 'procMount') ? withoutField(security, 'procMount') : [];
  const more = withoutSandbox(setup) ? [] : flagChange(ailment, ['--oci-worker-no-process-sandbox'], setup.role);
  return fewer === null || unmasked === null || more === null ? null : [...fewer, ...unmasked, ...more];
}

/** Takes the element of a list, or the word of a command, away. */
export function removeFlag(
  container: Ailment['container'],
  text: string,
  path: string,
  written = '',
): readonly Change[] | null {
  if (container === null) return null;
  const { yaml } = container;
  if (yaml === null) {
    const word = written === '' ? undefined : container.args?.find(({ value }) => value.startsWith(written));
    if (word === undefined || text.slice(word.span.start, word.span.end) !== word.value) return null;
    return [{ start: beforeTrailing(text, ' \t', word.span.start), end: word.span.end, text: '' }];
  }
  const index = /\[(\d+)\]$/.exec(path)?.[1];
  if (index === undefined) return null;
  const key = ['args', 'command'].find(
    (name) => path.startsWith(field(yaml, name).path) && field(yaml, name).node !== null,
  );
  return key === undefined ? null : withoutItems(text, field(yaml, key), [Number(index)]);
}
