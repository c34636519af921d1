import { describe } from 'vitest';
import { PROFILES, pod, ROOTFUL, testFiles } from './manifests.ts';

const ARGS = 'spec.containers[0].args';
const FLAG = '--oci-worker-no-process-sandbox';
const image = (tag: string): string => pod({ image: `moby/buildkit:${tag}` });

describe('tags', () => {
  testFiles([
    ...['v0.32.2-rootless', 'v0.13.0-rc1-rootless', 'v9.9.9-rootless'].map((tag) => ({
      name: tag,
      text: image(tag),
      finds: [],
    })),
    ...['rootless', 'master-rootless', 'nightly-rootless', 'buildx-stable-1-rootless'].map((tag) => ({
      name: `${tag} moves`,
      text: image(tag),
      finds: [['image.tag-floating', 'info'] as const],
    })),
    ...['latest-rootless', '0.12.5-rootless', 'v0.12-rootless', 'rootless-v0.12.5'].map((tag) => ({
      name: `${tag} was never published`,
      text: image(tag),
      finds: [['image.tag-missing', 'error', 'spec.containers[0].image'] as const],
    })),
    {
      name: 'with a digest',
      text: pod({ image: `moby/buildkit:v0.32.2-rootless@sha256:${'0'.repeat(64)}` }),
      finds: [],
    },
    {
      name: "of a mirror, with somebody's tag",
      text: pod({ image: 'registry.example.com/moby/buildkit:ours-rootless' }),
      finds: [],
    },
  ]);
});

describe('what starts', () => {
  testFiles([
    { name: 'words doubled in args are ignored', text: pod({ args: `[rootlesskit, buildkitd, ${FLAG}]` }), finds: [] },
    {
      name: 'the whole command',
      text: pod({ args: null, container: `command: [rootlesskit, buildkitd, ${FLAG}]` }),
      finds: [],
    },
    {
      name: 'buildkitd in place of rootlesskit',
      text: pod({ args: null, container: `command: [buildkitd, ${FLAG}]` }),
      finds: [['args.entrypoint-lost', 'error', 'spec.containers[0].command[0]']],
    },
    {
      name: 'a flag in place of a program',
      text: pod({ args: null, container: `command: [${FLAG}]` }),
      finds: [['args.entrypoint-lost', 'error']],
    },
    {
      name: 'buildkitd of the image of root',
      text: pod({
        image: ROOTFUL,
        args: null,
        security: 'privileged: true',
        container: 'command: [buildkitd, --debug]',
      }),
      finds: [],
    },
    {
      name: 'a program that buildkitd gets as an argument',
      text: '#!/bin/sh\ndocker run --privileged moby/buildkit buildctl-daemonless.sh build --frontend dockerfile.v0\n',
      finds: [
        ['args.unknown-flag', 'error'],
        ['args.entrypoint-lost', 'error'],
      ],
    },
    {
      name: 'a client is no daemon',
      text: pod({ args: null, security: null, container: 'command: [sh, -c, "sleep infinity"]' }),
      finds: [],
    },
    {
      name: 'a daemon in a script',
      text: pod({ args: null, container: `command: [sh, -c, "rootlesskit buildkitd ${FLAG} & wait"]` }),
      finds: [],
    },
    {
      name: 'a build in a script',
      text: pod({ args: null, container: 'command: [sh, -c, "buildctl-daemonless.sh build"]' }),
      finds: [['proc.masked', 'error']],
    },
  ]);
});

describe('flags', () => {
  testFiles([
    {
      name: 'one that does not exist',
      text: pod({ args: `[${FLAG}, --log-levle=debug]` }),
      finds: [['args.unknown-flag', 'error', `${ARGS}[1]`]],
    },
    {
      name: 'two in one text',
      text: pod({ args: '["--oci-worker-no-process-sandbox --debug"]' }),
      finds: [
        ['args.unknown-flag', 'error', `${ARGS}[0]`],
        ['proc.masked', 'error'],
      ],
    },
    {
      name: 'flag and value in one text',
      text: pod({ args: `[${FLAG}, "--addr unix:///run/user/1000/buildkit/buildkitd.sock"]` }),
      finds: [['args.unknown-flag', 'error', `${ARGS}[1]`]],
    },
    {
      name: 'a variable that a daemon does not read',
      text: pod({
        image: ROOTFUL,
        args: null,
        security: 'privileged: true',
        container: 'env: [{name: BUILDKITD_FLAGS, value: --debug}]',
      }),
      finds: [['args.flags-ignored', 'warning', 'spec.containers[0].env[0].value']],
    },
    {
      name: 'fuse-overlayfs without its device',
      text: pod({ args: `[${FLAG}, --oci-worker-snapshotter=fuse-overlayfs]` }),
      finds: [['snapshotter.fuse-device-missing', 'error', `${ARGS}[1]`]],
    },
    {
      name: 'with a plugin for it',
      text: pod({
        args: `[${FLAG}, --oci-worker-snapshotter=fuse-overlayfs]`,
        container: 'resources: {limits: {github.com/fuse: 1}}',
      }),
      finds: [],
    },
    {
      name: 'a hostPath is no device',
      text: pod({
        args: `[${FLAG}, --oci-worker-snapshotter=fuse-overlayfs]`,
        mounts: '- {name: f, mountPath: /dev/fuse}',
        volumes: '- {name: f, hostPath: {path: /dev/fuse}}',
      }),
      finds: [['snapshotter.fuse-device-missing', 'error']],
    },
    {
      name: 'an entitlement',
      text: pod({ args: `[${FLAG}, --allow-insecure-entitlement, network.host]` }),
      finds: [['entitlement.allowed', 'warning']],
    },
    {
      name: 'one that does not exist',
      text: pod({ args: `[${FLAG}, --allow-insecure-entitlement=docker.socket]` }),
      finds: [['entitlement.unknown', 'error']],
    },
    {
      name: 'a lost backslash',
      text: '#!/bin/sh\ndocker run --privileged \\\n  --name b\n  --rm moby/buildkit\n',
      finds: [['shell.continuation-lost', 'error']],
    },
  ]);
});

const config = (target: string, args = `[${FLAG}]`): string =>
  pod({ args, mounts: `- {name: c, mountPath: ${target}}`, volumes: '- {name: c, configMap: {name: c}}' });

describe('configuration and environment', () => {
  testFiles([
    { name: 'in the home', text: config('/home/user/.config/buildkit'), finds: [] },
    {
      name: 'in /etc, where rootless buildkitd does not look',
      text: config('/etc/buildkit'),
      finds: [['config.other-file', 'warning', 'spec.containers[0].volumeMounts[0].mountPath']],
    },
    {
      name: 'in /etc, with --config',
      text: config('/etc/buildkit', `[${FLAG}, --config, /etc/buildkit/buildkitd.toml]`),
      finds: [],
    },
    {
      name: 'HOME of root',
      text: pod({ container: 'env: [{name: HOME, value: /root}]' }),
      finds: [['env.home', 'error']],
    },
    { name: 'USER root', text: pod({ container: 'env: [{name: USER, value: root}]' }), finds: [['env.user', 'error']] },
    {
      name: 'no XDG_RUNTIME_DIR',
      text: pod({ container: 'env: [{name: XDG_RUNTIME_DIR, value: ""}]' }),
      finds: [['env.xdg-runtime-dir', 'error']],
    },
    {
      name: 'a TMPDIR that is not there',
      text: pod({ container: 'env: [{name: TMPDIR, value: /scratch}]' }),
      finds: [['env.tmpdir', 'error']],
    },
    {
      name: 'a TMPDIR that is mounted',
      text: pod({
        security: PROFILES,
        container: 'env: [{name: TMPDIR, value: /scratch}]',
        mounts: '- {name: c, mountPath: /scratch}',
        volumes: '- {name: c, emptyDir: {}}',
      }),
      finds: [],
    },
  ]);
});
