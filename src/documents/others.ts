import { directoryOf, RUNTIME_DIRECTORY, type Setup } from './setup.ts';

/** A demand of another linter that BuildKit cannot meet, and how that linter is told so. */
export interface Suppression {
  readonly tool: 'checkov' | 'kube-linter' | 'kube-score';
  readonly id: string;
  readonly reason: string;
}

/** The suppressions that other linters need, container by container of each file that has any. */
export interface OthersAnswer {
  readonly schema: 1;
  readonly files: readonly {
    readonly file: string;
    readonly containers: readonly {
      /** Where in the file it stands. */
      readonly path: string;
      readonly suppressions: readonly Suppression[];
    }[];
  }[];
}

type Demand = readonly [
  reason: string,
  checkov: readonly string[],
  kubeLinter: string | null,
  kubeScore: string | null,
];

const NAMESPACES = 'RuntimeDefault forbids the namespaces that rootlesskit makes';
const SETUID = 'newuidmap is setuid, and no_new_privs makes that void';
const CAPABILITIES = 'newuidmap and newgidmap need SETUID and SETGID';
const ACCOUNT = "uid 1000 is the image's account: its home and its subordinate ids belong to it";
const PRIVILEGE = 'buildkitd as root mounts and makes namespaces';
const ROOT = 'buildkitd without rootlesskit runs as root alone';

/** What of a right manifest checkov (ids of 3.2), kube-linter and kube-score refuse all the same. */
export function suppressionsFor(setup: Setup): readonly Suppression[] {
  return demandsOn(setup).flatMap(([reason, checkov, kubeLinter, kubeScore]): readonly Suppression[] => [
    ...checkov.map((id) => ({ tool: 'checkov', id, reason }) as const),
    ...(kubeLinter === null ? [] : [{ tool: 'kube-linter', id: kubeLinter, reason } as const]),
    ...(kubeScore === null ? [] : [{ tool: 'kube-score', id: kubeScore, reason } as const]),
  ]);
}

function demandsOn(setup: Setup): readonly Demand[] {
  const { container, flavour, uid, privileged, userns, role } = setup;
  if (container.engine !== 'kubernetes' || (role !== 'daemon' && role !== 'daemonless')) return [];
  const { security } = container;
  const demands: Demand[] = [];
  const rootless = flavour === 'rootless' && uid !== 0;
  const writable = rootless
    ? [directoryOf(setup, 'XDG_RUNTIME_DIR', RUNTIME_DIRECTORY), '/home/user/.local/tmp', '/tmp'].join(', ')
    : '/run, /tmp';
  if (security.readOnly?.value !== true)
    demands.push([
      `a read-only root alone stops it: it needs volumes on ${writable}`,
      ['CKV_K8S_22'],
      'no-read-only-root-fs',
      'container-security-context-readonlyrootfilesystem',
    ]);
  if (privileged)
    demands.push(
      [PRIVILEGE, ['CKV_K8S_16', 'CKV_K8S_20'], 'privileged-container', 'container-security-context-privileged'],
      [PRIVILEGE, [], 'privilege-escalation-container', null],
    );
  if (!rootless) {
    demands.push([
      ROOT,
      userns ? ['CKV_K8S_23'] : ['CKV_K8S_23', 'CKV_K8S_40'],
      'run-as-non-root',
      'container-security-context-user-group-id',
    ]);
    return demands;
  }
  demands.push([ACCOUNT, userns ? [] : ['CKV_K8S_40'], null, 'container-security-context-user-group-id']);
  if (privileged) return demands;
  if (security.seccomp?.value === 'unconfined') demands.push([NAMESPACES, ['CKV_K8S_31'], null, null]);
  if (security.escalation?.value !== false)
    demands.push([
      SETUID,
      ['CKV_K8S_20'],
      security.escalation === null ? null : 'privilege-escalation-container',
      null,
    ]);
  const dropsAll = security.drop.some(({ value }) => value === 'ALL');
  demands.push([CAPABILITIES, [dropsAll ? 'CKV_K8S_25' : 'CKV_K8S_37'], null, null]);
  return demands;
}

/** Annotations for the object, as lines of YAML; each tool has its own form. */
export function annotationsOf(suppressions: readonly Suppression[]): readonly string[] {
  const of = (tool: Suppression['tool']): readonly Suppression[] => suppressions.filter((one) => one.tool === tool);
  const score = of('kube-score');
  return [
    ...of('checkov').map(({ id, reason }, index) => `checkov.io/skip${index + 1}: "${id}=${reason}"`),
    ...of('kube-linter').map(({ id, reason }) => `ignore-check.kube-linter.io/${id}: "${reason}"`),
    ...score.map(({ id, reason }) => `# ${id}: ${reason}`),
    ...(score.length === 0 ? [] : [`kube-score/ignore: ${score.map(({ id }) => id).join(',')}`]),
  ];
}
