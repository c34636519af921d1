import { describe } from 'vitest';
import { testFiles } from './manifests.ts';

const map = (toml: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: buildkitd}\ndata:\n  buildkitd.toml: |\n${toml.replace(/^/gm, '    ')}\n`;

describe('buildkitd.toml', () => {
  testFiles([
    { name: 'in a ConfigMap', text: map('[worker.oci]\n  max-parallelism = 4'), finds: [] },
    {
      name: 'with a value of the wrong type',
      text: map('[worker.oci]\n  max-parallelism = "4"'),
      finds: [['config.wrong-type', 'error']],
    },
    {
      name: 'with a key that does not exist',
      text: map('[worker.oci]\n  cache-dir = "/c"'),
      finds: [['config.unknown-key', 'warning']],
    },
    {
      name: 'as a file',
      file: 'buildkitd.toml',
      text: '[registry."docker.io"]\nmirror = ["a"]\n',
      finds: [['config.unknown-key', 'warning']],
    },
    {
      name: 'as a file, which cannot be parsed',
      file: 'buildkitd.toml',
      text: '[worker.oci\nenabled = true\n',
      finds: [['config.toml-syntax', 'error']],
    },
    {
      name: 'as a file of another name',
      file: 'etc/daemon.toml',
      text: '[worker.oci]\ngc = "yes"\n',
      finds: [['config.wrong-type', 'error']],
    },
    {
      name: 'but not the configuration of containerd',
      file: 'etc/containerd/config.toml',
      text: 'version = 2\n[grpc]\naddres = "/run/containerd/containerd.sock"\n',
      finds: [],
    },
    {
      name: "of GitHub's action",
      text: 'on: push\njobs:\n  b:\n    steps:\n      - uses: docker/setup-buildx-action@v3\n        with:\n          buildkitd-config-inline: |\n            [worker.oci]\n            gc = "yes"\n',
      finds: [['config.wrong-type', 'error']],
    },
  ]);
});
