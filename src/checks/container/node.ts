import type { Setup } from '../../documents/setup.ts';
import { type Described, type DocumentSubject, described } from '../../documents/subject.ts';
import { fieldAt, textOf } from '../../documents/tree.ts';
import type { NodeTraits } from '../../knowledge/nodes.ts';
import type { Check } from '../../model/decide.ts';
import { refusals } from './admission.ts';
import { type ContainerEvidence, type Judging, judging, unless } from './judging.ts';

const needs = { document: described };

export const containerNode: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/node',
  title: 'The node that is named admits the pod, and lets it make namespaces',
  why: 'A kubelet, a kernel or a policy of the platform can refuse what the manifest says rightly.',
  decides: true,
  conditions: ['userns.max-user-namespaces-zero', 'userns.apparmor-restricted', 'k8s.policy-forbidden'],
  needs,
  examine({ document }) {
    const judge = judging(document);
    const { node } = document;
    if (node === null) return judge.found;
    for (const setup of document.setups) {
      if (setup.role === 'client' || setup.role === 'idle') continue;
      judgeNamespaces(judge, setup, node);
      if (setup.container.engine === 'kubernetes') judgePolicy(judge, setup, node, document);
    }
    return judge.found;
  },
};

/** rootlesskit makes a user namespace on the node's kernel. */
function judgeNamespaces({ say }: Judging, setup: Setup, node: NodeTraits): void {
  const { container, flavour, uid, unsure, userns } = setup;
  const makes = (flavour === 'rootless' && uid !== 0) || userns;
  if (!makes) return;
  if (node.withoutUserNamespaces === true)
    say(
      'userns.max-user-namespaces-zero',
      unless(unsure, 'error'),
      container,
      `On ${node.name} user.max_user_namespaces is 0: nobody makes a user namespace there until it is raised.`,
      'node-userns',
      { container, values: { node: node.name } },
    );
  const confined = container.security.apparmor?.value;
  if (node.restrictsUserNamespaces === true && !setup.privileged && !userns && confined !== 'custom')
    say(
      'userns.apparmor-restricted',
      unless(unsure, 'error'),
      container,
      `On ${node.name} kernel.apparmor_restrict_unprivileged_userns is 1: in the namespace that rootlesskit makes nothing can be mounted.`,
      'node-restriction',
      { container },
    );
}

function judgePolicy({ say }: Judging, setup: Setup, node: NodeTraits, { objects }: Described): void {
  const { container, unsure } = setup;
  const { security, pod } = container;
  const { refuses } = node;
  const about = { container, values: { level: node.level ?? '' } };
  const unconfined = [security.seccomp, security.apparmor].find((profile) => profile?.value === 'unconfined');
  const found = [
    [refuses.privileged, security.privileged?.value === true ? security.privileged : null, 'privileged: true'],
    [refuses.unconfined, unconfined ?? null, 'the profile Unconfined'],
    [refuses.account, security.user, `runAsUser: ${security.user?.value}`],
  ] as const;
  for (const [who, at, what] of found)
    if (who !== null && at !== null)
      say(
        'k8s.policy-forbidden',
        unless(unsure, 'error'),
        at,
        `On ${node.name} ${who} refuses ${what}, unless the pod's account is allowed more.`,
        'node-policy',
        about,
      );
  if (node.level === null || isLabelled(pod.object?.namespace ?? null, objects)) return;
  const reasons = refusals(setup, node.level);
  if (reasons.length > 0)
    say(
      'k8s.policy-forbidden',
      unless(unsure, 'error'),
      container,
      `On ${node.name} a namespace without labels enforces the Pod Security level ${node.level}, which refuses ${reasons.join(', ')}.`,
      'policy',
      about,
    );
}

/** A Namespace of the file says which level it has: that is judged with it. */
const isLabelled = (namespace: string | null, objects: Described['objects']): boolean =>
  namespace === 'kube-system' ||
  objects.some(
    ({ kind, name, cursor }) =>
      kind === 'Namespace' &&
      (namespace === null || name === namespace) &&
      textOf(fieldAt(cursor, 'metadata', 'labels', 'pod-security.kubernetes.io/enforce')) !== null,
  );
