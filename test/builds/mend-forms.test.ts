import { describe, expect, test } from 'vitest';
import { changed, mendOf } from '../../src/builds/mend.ts';
import { judged, PLAIN, type Row, short } from './judged.ts';

/** A mend of a command: what is written, and what has to stand there after it. */
interface Wrong {
  readonly name: string;
  readonly written: string;
  readonly mended: string;
  readonly condition: string;
  readonly row: Partial<Row>;
}

const HOST = 'FROM alpine\nRUN --network=host true\n';
const ALLOWED = 'insecure-entitlements = ["network.host"]\n';
const wrongs: readonly Wrong[] = [
  {
    name: 'an option of another name',
    written: `${PLAIN} --opt network=none`,
    mended: `${PLAIN} --opt force-network-mode=none`,
    condition: 'build.opt-ignored',
    row: { dockerfile: 'FROM alpine\n' },
  },
  {
    name: 'an entitlement of buildctl',
    written: PLAIN,
    mended: PLAIN.replace('build ', 'build --allow network.host '),
    condition: 'entitlement.not-requested',
    row: { dockerfile: HOST, config: ALLOWED },
  },
  {
    name: 'an entitlement of buildx',
    written: 'docker buildx build .',
    mended: 'docker buildx build --allow network.host .',
    condition: 'entitlement.not-requested',
    row: { dockerfile: HOST, config: ALLOWED },
  },
  {
    name: 'an entitlement of bake',
    written: 'docker buildx bake',
    mended: 'docker buildx bake --allow network.host',
    condition: 'entitlement.not-requested',
    row: {
      dockerfile: HOST,
      config: ALLOWED,
      files: { 'docker-bake.hcl': 'target "default" {\n  entitlements = ["network.host"]\n}\n' },
    },
  },
];

const items = (command: string): readonly string[] => command.split(' ');
/** Where a command may stand: the file, and its text around the command. */
const forms: { readonly [name: string]: readonly [path: string, around: (command: string) => string] } = {
  script: ['build.sh', (command) => `#!/bin/sh\n${command}\n`],
  makefile: ['Makefile', (command) => `all:\n\t${command}\n`],
  'GitHub, a block': [
    'ci.yml',
    (command) => `jobs:\n  a:\n    steps:\n      - run: |\n          true\n          ${command}\n`,
  ],
  'GitHub, folded': ['ci.yml', (command) => `jobs:\n  a:\n    steps:\n      - run: >-\n          ${command}\n`],
  'GitHub, one line': ['ci.yml', (command) => `jobs:\n  a:\n    steps:\n      - run: ${command} # here\n`],
  'GitHub, CRLF': ['ci.yml', (command) => `jobs:\r\n  a:\r\n    steps:\r\n      - run: |\r\n          ${command}\r\n`],
  'GitLab, a list': ['.gitlab-ci.yml', (command) => `build:\n  script:\n    - ${command}\n`],
  'GitLab, in quotes': ['.gitlab-ci.yml', (command) => `build:\n  script:\n    - "${command}"\n    - 'true'\n`],
  'GitLab, in single quotes': ['.gitlab-ci.yml', (command) => `build:\n  script:\n    - '${command}'\n`],
  'a flow list': ['pod.yaml', (command) => `command: [${items(command).join(', ')}]\n`],
  'a flow list in quotes': [
    'pod.yaml',
    (command) =>
      `command: [${items(command)
        .map((item) => JSON.stringify(item))
        .join(', ')}]\n`,
  ],
  'a block list': [
    'pod.yaml',
    (command) =>
      `command:\n${items(command)
        .map((item) => `  - ${item}\n`)
        .join('')}`,
  ],
  'a block list in quotes': [
    'pod.yaml',
    (command) =>
      `command:\n${items(command)
        .map((item) => `  - "${item}"\n`)
        .join('')}`,
  ],
  'lists of JSON': ['pod.json', (command) => `{"command": ${JSON.stringify(items(command))}}\n`],
};

const cases = Object.entries(forms).flatMap(([form, [path, around]]) =>
  wrongs.map((wrong) => ({ ...wrong, form, path, before: around(wrong.written), after: around(wrong.mended) })),
);

describe('mends of a command, wherever it stands', () => {
  test.each(cases)('$name in $form', ({ row, path, before, after, condition }) => {
    const judge = (text: string) => judged({ finds: [], ...row, files: { ...row.files, [path]: text } });
    const found = judge(before).filter((one) => one.file === path && one.condition === condition);
    expect(found.map(short), before).toHaveLength(1);
    const [mend] = found.flatMap((one) => mendOf(one, before) ?? []);
    const mended = changed(before, mend?.changes ?? []);
    expect(mended).toBe(after);
    expect(judge(mended).map(short)).toEqual([]);
  });
});

/** What stands in files of targets, or in the inputs of an action, is a person's to write: it is told, and stays. */
const told: readonly (Row & { readonly name: string; readonly path: string; readonly text: string })[] = [
  {
    name: 'bake in HCL',
    path: 'docker-bake.hcl',
    text: 'target "default" {\n  contxt = "."\n  context = "../x"\n  ssh = ["default"]\n}\n',
    dockerfile: 'FROM alpine\n',
    command: 'docker buildx bake',
    finds: [
      'build.context-file-missing',
      'build.opt-ignored',
      'entitlement.not-requested',
      'entitlement.not-requested',
    ],
  },
  {
    name: 'bake in JSON',
    path: 'docker-bake.json',
    text: '{"target": {"default": {"contxt": ".", "ssh": ["default"]}}}\n',
    dockerfile: 'FROM alpine\n',
    command: 'docker buildx bake',
    finds: ['build.opt-ignored', 'entitlement.not-requested'],
  },
  {
    name: 'Compose',
    path: 'compose.yaml',
    text: 'services:\n  a:\n    build:\n      contxt: .\n      network: foo\n',
    dockerfile: 'FROM alpine\n',
    finds: ['build.opt-invalid', 'build.opt-invalid'],
  },
  {
    name: 'an action',
    path: 'ci.yml',
    text: 'jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n',
    dockerfile: HOST,
    config: ALLOWED,
    finds: ['entitlement.not-requested'],
  },
];

test.each(told)('what $name says is told, and not changed', ({ path, text, finds, ...row }) => {
  const found = judged({ ...row, finds: [], files: { [path]: text } }).filter(({ file }) => file === path);
  expect(found.map(({ condition }) => condition).toSorted()).toEqual(finds.toSorted());
  expect(found.map((one) => mendOf(one, text))).toEqual(found.map(() => null));
});
