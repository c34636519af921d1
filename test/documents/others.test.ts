import { expect, test } from 'vitest';
import { readContent } from '../../src/documents/content.ts';
import { annotationsOf, suppressionsFor } from '../../src/documents/others.ts';
import { setupsOf } from '../../src/documents/setup.ts';
import { template } from '../../src/documents/templates.ts';
import { pod, ROOTFUL } from '../checks/container/manifests.ts';

const idsOf = (text: string): readonly string[] =>
  setupsOf(readContent('f', text).pods)
    .flatMap(suppressionsFor)
    .map(({ id }) => id)
    .toSorted();

test.each<readonly [name: string, text: string, ids: readonly string[]]>([
  [
    'the rootless template',
    template('kubernetes', 'rootless') ?? '',
    [
      'CKV_K8S_20',
      'CKV_K8S_22',
      'CKV_K8S_31',
      'CKV_K8S_37',
      'CKV_K8S_40',
      'container-security-context-readonlyrootfilesystem',
      'container-security-context-user-group-id',
      'no-read-only-root-fs',
    ],
  ],
  [
    'what meets a demand needs no word about it',
    pod({
      security:
        'seccompProfile: {type: Unconfined}\nreadOnlyRootFilesystem: true\ncapabilities: {drop: [ALL], add: [SETUID, SETGID]}',
    }),
    ['CKV_K8S_20', 'CKV_K8S_25', 'CKV_K8S_31', 'CKV_K8S_40', 'container-security-context-user-group-id'],
  ],
  [
    'root in a user namespace of its own',
    pod({
      image: ROOTFUL,
      args: null,
      spec: 'hostUsers: false',
      security: 'privileged: true\nreadOnlyRootFilesystem: true',
    }),
    [
      'CKV_K8S_16',
      'CKV_K8S_20',
      'CKV_K8S_23',
      'container-security-context-privileged',
      'container-security-context-user-group-id',
      'privilege-escalation-container',
      'privileged-container',
      'run-as-non-root',
    ],
  ],
  ['no container of Kubernetes', 'docker run --privileged moby/buildkit\n', []],
])('%s', (_name, text, ids) => {
  expect(idsOf(text)).toEqual(ids);
});

test('annotations of each tool', () => {
  expect(
    annotationsOf([
      { tool: 'checkov', id: 'A', reason: 'r' },
      { tool: 'checkov', id: 'B', reason: 's' },
      { tool: 'kube-linter', id: 'c', reason: 't' },
      { tool: 'kube-score', id: 'd', reason: 'u' },
    ]),
  ).toEqual([
    'checkov.io/skip1: "A=r"',
    'checkov.io/skip2: "B=s"',
    'ignore-check.kube-linter.io/c: "t"',
    '# d: u',
    'kube-score/ignore: d',
  ]);
});
