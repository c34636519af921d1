import { describe } from 'vitest';
import { testFiles } from './manifests.ts';

const create = (options: string): string => `#!/bin/sh\ndocker buildx create --name b ${options}\n`;

describe('docker buildx create', () => {
  testFiles([
    {
      name: 'rootless in Kubernetes',
      text: create(
        '--driver kubernetes --driver-opt namespace=ci,rootless=true --driver-opt "image=moby/buildkit:v0.32.2-rootless" --bootstrap',
      ),
      finds: [],
    },
    {
      name: 'rootless with the image of root',
      text: create('--driver=kubernetes --driver-opt rootless=true,image=moby/buildkit:v0.32.2'),
      finds: [['image.mode-mismatch', 'error', 'docker buildx create --driver-opt image']],
    },
    {
      name: 'an option that the driver does not have',
      text: create('--driver kubernetes --driver-opt cpu=2'),
      finds: [['buildx.builder-misconfigured', 'error', 'docker buildx create --driver-opt cpu']],
    },
    {
      name: 'a variable of the driver',
      text: create('--driver-opt env.HTTP_PROXY=http://p:1 --driver-opt network=host'),
      finds: [],
    },
    {
      name: 'a tag that was never published',
      text: create('--driver-opt image=moby/buildkit:latest-rootless'),
      finds: [['image.tag-missing', 'error']],
    },
    {
      name: 'flags that buildkitd does not have',
      text: create("--buildkitd-flags '--security-opt seccomp=unconfined --debug'"),
      finds: [['args.unknown-flag', 'error', 'docker buildx create --buildkitd-flags']],
    },
    {
      name: 'a flag that root refuses',
      text: create("--buildkitd-flags '--oci-worker-no-process-sandbox'"),
      finds: [['config.invalid-value', 'error']],
    },
    {
      name: 'that flag for the rootless image',
      text: create("--driver-opt image=moby/buildkit:rootless --buildkitd-flags '--oci-worker-no-process-sandbox'"),
      finds: [],
    },
    {
      name: 'an entitlement',
      text: create('--buildkitd-flags "--allow-insecure-entitlement security.insecure"'),
      finds: [['entitlement.allowed', 'warning']],
    },
    {
      name: 'remote, with flags',
      text: create('--driver remote --buildkitd-flags --debug tcp://b:1234'),
      finds: [['buildx.builder-misconfigured', 'error']],
    },
    {
      name: "GitHub's action",
      text: 'on: push\njobs:\n  b:\n    steps:\n      - uses: docker/setup-buildx-action@v3\n        with:\n          driver-opts: |\n            image=moby/buildkit:master\n            nework=host\n',
      finds: [['buildx.builder-misconfigured', 'error', 'jobs.b.steps[0].with.driver-opts nework']],
    },
  ]);
});
