import { expect, test } from 'vitest';
import { buildRequest } from '../../../src/checks/build/request.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { adviseBuild } from '../../../src/fixes/build/request.ts';
import type { Request } from '../../../src/model/look.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import { alice, root } from '../config/host.ts';

const entry = { check: buildRequest, fix: adviseBuild };
const asked = (given: string): Partial<Request> => ({ build: { given, directory: '/src' } });
const PLAIN = 'buildctl build --frontend dockerfile.v0 --local context=. --local dockerfile=.';
const HOST = 'FROM alpine\nRUN --network=host true\n';
const ALLOWED = 'insecure-entitlements = ["network.host"]\n';

const withFiles = (host: VirtualHostOptions, files: { readonly [path: string]: string }): VirtualHostOptions => ({
  ...host,
  files: {
    ...host.files,
    '/src': { kind: 'directory' },
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`/src/${path}`, text])),
  },
});
const withClosed = (files: { readonly [path: string]: string }, closed: string): VirtualHostOptions => {
  const host = withFiles(root(null), files);
  return {
    ...host,
    files: { ...host.files, [`/src/${closed}`]: { text: files[closed] ?? '', mode: 0o600, unreadable: true } },
  };
};
const MIRRORS = [
  '[registry."docker.io"]',
  'mirrors = ["m.example:5000/hub", "localhost:5001", "n.example"]',
  '[registry."m.example:5000"]',
  'http = true',
  '',
].join('\n');
const binfmt = {
  '/proc/sys/kernel/arch': 'x86_64\n',
  '/proc/sys/fs/binfmt_misc/register': '',
  '/proc/sys/fs/binfmt_misc/qemu-aarch64': 'enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: F\n',
};
const emulating = (host: VirtualHostOptions): VirtualHostOptions => ({ ...host, files: { ...host.files, ...binfmt } });
const arm = (processor: string) => `FROM --platform=linux/${processor} alpine\nRUN true\n`;

testCheck(entry, {
  healthy: {
    'a plain Dockerfile': {
      host: withFiles(root(null), { Dockerfile: 'FROM alpine\nCOPY a /\n', a: '' }),
      request: asked('.'),
    },
    'an entitlement that the configuration allows and the command asks for': {
      host: withFiles(root(ALLOWED), { Dockerfile: HOST }),
      request: asked(`${PLAIN} --allow network.host`),
    },
    'a processor with an emulator': {
      host: emulating(withFiles(root(null), { Dockerfile: arm('arm64') })),
      request: asked('Dockerfile'),
    },
    'a secret that may not be read and that no step mounts': {
      host: withClosed({ Dockerfile: 'FROM alpine\n', token: 'x' }, 'token'),
      request: asked(`${PLAIN} --secret id=a,src=token`),
    },
    'mirrors of a registry from which nothing comes': {
      host: withFiles(root(MIRRORS), { Dockerfile: 'FROM quay.io/a/b\nFROM scratch\n' }),
      request: asked(PLAIN),
    },
    'a secret that is there': {
      host: withFiles(root(null), {
        Dockerfile: 'FROM alpine\nRUN --mount=type=secret,id=a,required=true cat /run/secrets/a\n',
        token: 'x',
      }),
      request: asked(`${PLAIN} --secret id=a,src=token`),
    },
  },
  ailing: {
    'an entitlement that the configuration does not allow': {
      host: withFiles(root(null), { Dockerfile: HOST }),
      request: asked('.'),
      conditions: ['entitlement.missing'],
      severity: 'error',
      says: ['Dockerfile:2', 'the daemon does not allow it'],
      advice: ['/etc/buildkit/buildkitd.toml'],
    },
    'an entitlement that the command does not ask for': {
      host: withFiles(root(ALLOWED), { Dockerfile: HOST }),
      request: asked(PLAIN),
      conditions: ['entitlement.not-requested'],
      severity: 'error',
      says: ['--build:1'],
      advice: ['--allow network.host'],
    },
    'a Dockerfile that is newer than the buildkitd here': {
      host: withFiles(root(null, {}, 'v0.11.6'), {
        'app/Dockerfile': 'FROM alpine\nCOPY --parents a /\n',
        'app/a': '',
      }),
      request: asked('app'),
      conditions: ['dockerfile.frontend-too-old'],
      severity: 'error',
      says: ['1.5, built into buildkitd v0.11.6'],
      advice: ['# syntax=docker/dockerfile:1'],
    },
    'a file that the context lacks': {
      host: withFiles(root(null), { 'app/Dockerfile': 'FROM alpine\nCOPY a /\n', a: '' }),
      request: asked('app/Dockerfile'),
      conditions: ['build.context-file-missing'],
      severity: 'error',
      says: ['app/Dockerfile:2'],
      advice: ['.dockerignore'],
    },
    'a processor without an emulator': {
      host: emulating(withFiles(root(null), { Dockerfile: arm('riscv64') })),
      request: asked('.'),
      conditions: ['emulation.binfmt-missing'],
      severity: 'error',
      advice: ['qemu-user-static'],
    },
    'a secret file that is not there, and no agent': {
      host: withFiles(root(null), { Dockerfile: 'FROM alpine\nRUN --mount=type=secret,id=a true\n' }),
      request: asked(`${PLAIN} --secret id=a,src=token --ssh default`),
      conditions: ['build.secret-invalid', 'env.ssh-agent-missing'],
      severity: 'error',
      advice: ['token', 'ssh-agent'],
    },
    'a Dockerfile that may not be read': {
      host: withClosed({ Dockerfile: 'FROM alpine\n' }, 'Dockerfile'),
      request: asked('.'),
      conditions: ['build.file-unreadable'],
      severity: 'error',
      says: ['the Dockerfile cannot be empty'],
      advice: ['Dockerfile'],
    },
    'a Dockerfile of a command that may not be read': {
      host: withClosed({ 'app/Dockerfile': 'FROM alpine\n' }, 'app/Dockerfile'),
      request: asked('buildctl build --frontend dockerfile.v0 --local context=. --local dockerfile=app'),
      conditions: ['build.file-unreadable'],
      severity: 'error',
      says: ['the Dockerfile cannot be empty'],
      advice: ['app/Dockerfile'],
    },
    'a file of the context that may not be read': {
      host: withClosed({ Dockerfile: 'FROM alpine\nCOPY key /\n', key: 'x' }, 'key'),
      request: asked('.'),
      conditions: ['build.file-unreadable'],
      severity: 'warning',
      says: ['Dockerfile:2', 'silently sends an empty file'],
      advice: ['key'],
    },
    'the file of a secret that may not be read': {
      host: withClosed({ Dockerfile: 'FROM alpine\nRUN --mount=type=secret,id=a true\n', token: 'x' }, 'token'),
      request: asked(`${PLAIN} --secret id=a,src=token`),
      conditions: ['build.file-unreadable'],
      severity: 'error',
      says: ['Dockerfile:2', 'open token: permission denied'],
      advice: ['token'],
    },
    'mirrors of the registry that images come from': {
      host: withFiles(root(MIRRORS), {
        Dockerfile: 'FROM alpine AS unneeded\nFROM busybox\nCOPY --from=quay.io/a/b:1 /a /\n',
      }),
      request: asked(PLAIN),
      conditions: ['registry.mirror-asked'],
      severity: 'info',
      says: [
        'Dockerfile:2',
        'needs busybox of docker.io',
        'asks m.example:5000/hub by plain HTTP, then localhost:5001 by plain HTTP, then n.example by HTTPS, and docker.io itself last',
      ],
      advice: ['docker.io'],
    },
    'targets of bake': {
      host: withFiles(root(ALLOWED), {
        'docker-bake.hcl': 'target "default" {\n  entitlements = ["network.host"]\n}\n',
        Dockerfile: HOST,
      }),
      request: asked('docker buildx bake'),
      conditions: ['entitlement.not-requested'],
      severity: 'error',
      advice: ['--allow network.host'],
    },
  },
  other: {
    'no build is asked about': { host: alice(null), status: 'skip' },
    'no Dockerfile where one is asked about': {
      host: withFiles(root(null), { a: '' }),
      request: asked('.'),
      status: 'unknown',
    },
  },
});

test('only what all releases do is an error where the release is not known exactly', async () => {
  // All flags up to v0.20, none of v0.24.
  const help =
    'allow-insecure-entitlement cdi-disabled containerd-worker containerd-worker-rootless oci-cni-pool-size oci-worker oci-worker-apparmor-profile oci-worker-binary oci-worker-net oci-worker-no-process-sandbox oci-worker-proxy-snapshotter-path oci-worker-selinux otel-socket-path trace'
      .split(' ')
      .map((flag) => `   --${flag} value\n`)
      .join('');
  const host = withFiles(
    root(null, {
      tools: {
        'buildkitd --version': { stdout: 'buildkitd github.com/moby/buildkit v0.0.0+unknown' },
        'buildkitd --help': { stdout: help },
      },
    }),
    { Dockerfile: 'FROM alpine\nADD --unpack=true http://example.org/a.tgz /\n' },
  );
  const look = createLook({ host: new VirtualHost(host), request: { ...ASK, ...asked('.') } });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  expect(report?.problems.map(({ condition, severity }) => `${severity} ${condition}`)).toEqual([
    'warning dockerfile.frontend-too-old',
  ]);
});
