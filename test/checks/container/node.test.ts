import { describe, expect, test } from 'vitest';
import { lint } from '../../../src/examine/documents.ts';
import { NODE_KINDS, unknownNode } from '../../../src/knowledge/nodes.ts';
import { pod, ROOTFUL } from './manifests.ts';

const BARE = pod({ security: null });
const PRIVILEGED = pod({ image: ROOTFUL, args: null, security: 'privileged: true' });
const ALLOWED =
  'apiVersion: v1\nkind: Namespace\nmetadata: {name: ci, labels: {pod-security.kubernetes.io/enforce: privileged}}\n---\n';

async function found(text: string, node: string, file = 'file'): Promise<readonly string[]> {
  const traits = node === 'restricting' ? { ...unknownNode('n'), restrictsUserNamespaces: true } : NODE_KINDS[node];
  const { checks } = await lint({ path: file, text, file: null, node: traits ?? null });
  return checks
    .flatMap(({ problems }) => problems)
    .filter(({ severity }) => severity !== 'info')
    .map(({ condition, severity }) => `${severity} ${condition}`)
    .toSorted();
}

describe('the node that is named', () => {
  test.each([
    ['no node leaves warnings', BARE, 'none', ['warning apparmor.unset', 'warning seccomp.unset']],
    [
      'bottlerocket has no profiles and no user namespaces',
      BARE,
      'bottlerocket',
      ['error userns.max-user-namespaces-zero'],
    ],
    ['cos has AppArmor', BARE, 'cos', ['error apparmor.mount-denied']],
    ['cos takes the good one', pod(), 'cos', []],
    ['ubuntu has AppArmor and no seccompDefault', BARE, 'ubuntu', ['error apparmor.mount-denied']],
    ['autopilot uses its profile', BARE, 'autopilot', ['error apparmor.mount-denied', 'error seccomp.blocked']],
    ['autopilot refuses privileged', PRIVILEGED, 'autopilot', ['error k8s.policy-forbidden']],
    ['cos does not', PRIVILEGED, 'cos', []],
    ['talos enforces baseline', PRIVILEGED, 'talos', ['error k8s.policy-forbidden']],
    ['talos, with a namespace that says otherwise', ALLOWED + PRIVILEGED, 'talos', []],
    [
      'talos has no user namespaces for the rootless image',
      ALLOWED + pod(),
      'talos',
      ['error userns.max-user-namespaces-zero'],
    ],
    [
      'openshift refuses Unconfined and runAsUser',
      pod({ security: 'seccompProfile: {type: Unconfined}\nrunAsUser: 1000' }),
      'openshift',
      ['error k8s.policy-forbidden', 'error k8s.policy-forbidden'],
    ],
    ['a restricted kernel', pod(), 'restricting', ['error userns.apparmor-restricted']],
    ['restricts root with privilege not', PRIVILEGED, 'restricting', []],
  ] as const)('%s', async (_name, text, node, wanted) => {
    expect(await found(text, node)).toEqual(wanted);
  });

  test('Docker on a node with AppArmor has a profile of its own', async () => {
    const run =
      'docker run -d --security-opt seccomp=unconfined --security-opt systempaths=unconfined moby/buildkit:rootless\n';
    expect(await found(run, 'ubuntu', 'a.sh')).toEqual(['error apparmor.mount-denied']);
    expect(await found(run, 'bottlerocket', 'a.sh')).toEqual(['error userns.max-user-namespaces-zero']);
    expect(await found(run, 'none', 'a.sh')).toEqual([]);
  });
});
