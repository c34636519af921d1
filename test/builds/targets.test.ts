import { expect, test } from 'vitest';
import { buildxRows } from './buildx-rows.ts';
import { judged, type Row, short } from './judged.ts';

const INSECURE = 'FROM alpine\nRUN --security=insecure true\n';
const ALLOWED = 'insecure-entitlements = ["network.host", "security.insecure"]\n';
const hcl = (text: string): { readonly [path: string]: string } => ({ 'docker-bake.hcl': text });
const compose = (build: string, rest = ''): { readonly [path: string]: string } => ({
  'compose.yaml': `services:\n  app:\n    build:\n      context: .\n${build}${rest}`,
});

const rows: readonly (Row & { readonly name: string })[] = [
  {
    name: 'a target with its entitlement, allowed',
    dockerfile: INSECURE,
    files: hcl('target "default" {\n  entitlements = ["security.insecure"]\n}\n'),
    command: 'docker buildx bake --allow security.insecure',
    config: ALLOWED,
    finds: [],
  },
  {
    name: 'a target with its entitlement, not allowed',
    dockerfile: INSECURE,
    files: hcl('target "default" {\n  entitlements = ["security.insecure"]\n}\n'),
    command: 'docker buildx bake',
    config: ALLOWED,
    finds: ['error entitlement.not-requested build.sh:2'],
  },
  {
    name: 'allowed, and not asked for by the target',
    dockerfile: INSECURE,
    files: hcl('target "default" {\n}\n'),
    command: 'docker buildx bake --allow security.insecure',
    config: ALLOWED,
    finds: ['error entitlement.not-requested Dockerfile:2'],
  },
  {
    name: 'an entitlement that does not exist',
    dockerfile: 'FROM alpine\n',
    files: hcl('target "default" {\n  entitlements = ["network.dns"]\n}\n'),
    command: 'docker buildx bake',
    finds: ['error entitlement.unknown docker-bake.hcl:2'],
  },
  {
    name: 'an entitlement that does not exist on the command line',
    dockerfile: 'FROM alpine\n',
    files: hcl('target "default" {\n}\n'),
    command: 'docker buildx bake --allow network.dns',
    finds: ['error entitlement.unknown build.sh:2'],
  },
  {
    name: 'attributes that do not exist',
    dockerfile: 'FROM alpine\n',
    files: hcl('target "default" {\n  privileged = true\n}\n'),
    command: 'docker buildx bake',
    finds: ['warning build.opt-ignored docker-bake.hcl:2'],
  },
  {
    name: 'a target that inherits',
    dockerfile: 'FROM alpine\nARG F\nCOPY $F /\n',
    files: hcl('target "base" {\n  args = { F = "gone" }\n}\ntarget "default" {\n  inherits = ["base"]\n}\n'),
    command: 'docker buildx bake',
    finds: ['error build.context-file-missing Dockerfile:3'],
  },
  {
    name: 'a group, and a value of the command line',
    dockerfile: 'FROM alpine\nARG F=gone\nCOPY $F /\n',
    files: { ...hcl('group "default" {\n  targets = ["app"]\n}\ntarget "app" {\n}\n'), here: '' },
    command: 'docker buildx bake --set app.args.F=here',
    finds: [],
  },
  {
    name: 'only the asked target',
    dockerfile: INSECURE,
    files: hcl('target "a" {\n  target = "none"\n}\ntarget "b" {\n  entitlements = ["security.insecure"]\n}\n'),
    command: 'docker buildx bake --allow security.insecure b',
    config: ALLOWED,
    finds: [],
  },
  {
    name: 'a context outside of the directory',
    dockerfile: 'FROM alpine\n',
    files: hcl('target "default" {\n  context = "../other"\n}\n'),
    command: 'docker buildx bake',
    finds: ['error build.context-file-missing docker-bake.hcl:1', 'error entitlement.not-requested docker-bake.hcl:2'],
  },
  {
    name: 'bake in JSON',
    dockerfile: INSECURE,
    files: { 'docker-bake.json': '{"target": {"default": {"entitlements": ["security.insecure"]}}}' },
    command: 'docker buildx bake',
    config: ALLOWED,
    finds: ['error entitlement.not-requested build.sh:2'],
  },
  {
    name: 'a service that may not read its secret',
    dockerfile: 'FROM alpine\n',
    files: compose('      secrets: [s]\n'),
    command: 'docker buildx bake -f compose.yaml',
    finds: ['error build.secret-invalid compose.yaml:5'],
  },
  {
    name: 'a service with its secret',
    dockerfile: 'FROM alpine\nRUN --mount=type=secret,id=s,required=true true\n',
    files: { ...compose('      secrets: [s]\n', 'secrets:\n  s:\n    file: ./s.txt\n'), 's.txt': '' },
    command: 'docker buildx bake -f compose.yaml',
    finds: [],
  },
  {
    name: 'what a service cannot ask for',
    dockerfile: 'FROM alpine\n',
    files: compose('      privileged: true\n'),
    command: 'docker buildx bake -f compose.yaml',
    finds: ['warning build.opt-ignored compose.yaml:5'],
  },
  {
    name: 'what Compose refuses',
    dockerfile: 'FROM alpine\n',
    files: compose('      cap_add: [SYS_ADMIN]\n'),
    command: 'docker buildx bake -f compose.yaml',
    finds: ['error build.opt-invalid compose.yaml:5'],
  },
];

test.each([...rows, ...buildxRows])('$name', (row) => {
  expect(judged(row).map(short).toSorted()).toEqual(row.finds.toSorted());
});
