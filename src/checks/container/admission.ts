import type { KubeObject } from '../../documents/container.ts';
import type { Setup } from '../../documents/setup.ts';
import { type DocumentSubject, described } from '../../documents/subject.ts';
import { exists, field, fieldAt, textAt, textOf } from '../../documents/tree.ts';
import type { Check } from '../../model/decide.ts';
import { type ContainerEvidence, judging } from './judging.ts';

const needs = { document: described };

export const containerAdmission: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/admission',
  title: 'The namespace admits the pod',
  why: 'Pod Security refuses pods whose profiles, capabilities or privileges its level does not allow; a Deployment then stays without pods.',
  decides: true,
  conditions: ['k8s.policy-forbidden'],
  needs,
  examine({ document }) {
    const judge = judging(document);
    for (const namespace of document.objects) {
      const level = enforced(namespace);
      if (level === null) continue;
      for (const setup of document.setups) {
        const { container } = setup;
        if (container.engine !== 'kubernetes' || !isIn(setup, namespace)) continue;
        const reasons = refusals(setup, level.value);
        if (reasons.length === 0) continue;
        judge.say(
          'k8s.policy-forbidden',
          'error',
          level,
          `The namespace ${namespace.name ?? ''} enforces the Pod Security level ${level.value}, which refuses ${reasons.join(', ')}.`,
          'policy',
          { container, values: { level: level.value } },
        );
        break;
      }
    }
    return judge.found;
  },
};

function enforced(namespace: KubeObject) {
  if (namespace.kind !== 'Namespace') return null;
  const level = textAt(fieldAt(namespace.cursor, 'metadata', 'labels', 'pod-security.kubernetes.io/enforce'));
  return level === null || !/^(?:baseline|restricted)$/.test(level.value) ? null : level;
}

/** What names no namespace goes where kubectl is told, which is most likely the one beside it. */
const isIn = ({ container }: Setup, { name }: KubeObject): boolean =>
  (container.pod.object?.namespace ?? name) === name;

/** The default capabilities of containers, which baseline allows to be added. */
const DEFAULT = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

/** Why Pod Security of a level refuses the pod (PodSecurity admission, v1.36). */
export function refusals({ container }: Setup, level: string): readonly string[] {
  const { security, pod } = container;
  const reasons: string[] = [];
  if (security.privileged?.value === true) reasons.push('privileged: true');
  if (security.seccomp?.value === 'unconfined') reasons.push('the seccomp profile Unconfined');
  if (security.apparmor?.value === 'unconfined') reasons.push('the AppArmor profile Unconfined');
  const added = security.add.map(({ value }) => value).filter((value) => !DEFAULT.has(value.toUpperCase()));
  if (added.length > 0) reasons.push(`the capabilities ${added.join(', ')}`);
  if (pod.volumes.some(({ kind }) => kind === 'hostPath')) reasons.push('hostPath volumes');
  if (['hostNetwork', 'hostPID', 'hostIPC'].some((key) => textOf(field(pod.spec, key)) === 'true'))
    reasons.push('namespaces of the host');
  if (security.unmasked?.value === true && pod.hostUsers?.value !== false) reasons.push('procMount: Unmasked');
  if (level !== 'restricted') return reasons;
  if (security.escalation?.value !== false) reasons.push('privilege escalation that is not forbidden');
  if (!security.drop.some(({ value }) => value === 'ALL')) reasons.push('capabilities that are not dropped');
  if (security.nonRoot?.value !== true) reasons.push('a pod without runAsNonRoot: true');
  if (security.seccomp === null || !exists(pod.spec)) reasons.push('a pod without a seccomp profile');
  return reasons;
}
