import { describe } from 'vitest';
import { pod, ROOTFUL, testFiles } from './manifests.ts';

const FLAG = '--oci-worker-no-process-sandbox';
const PROBE = 'exec: {command: [buildctl, debug, workers]}';
const OWN = 'unix:///run/user/1000/buildkit/buildkitd.sock';
const served = (addresses: string, container: string): string => pod({ args: `[${FLAG}, ${addresses}]`, container });

describe('probes', () => {
  testFiles([
    { name: 'the default address', text: pod({ container: `readinessProbe: {${PROBE}}` }), finds: [] },
    {
      name: 'a daemon on TCP alone',
      text: served('--addr, "tcp://127.0.0.1:1234"', `livenessProbe: {${PROBE}}`),
      finds: [['probe.address', 'error', 'spec.containers[0].livenessProbe.exec.command']],
    },
    {
      name: 'a daemon on both',
      text: served(`--addr, "tcp://127.0.0.1:1234", --addr, "${OWN}"`, `livenessProbe: {${PROBE}}`),
      finds: [],
    },
    {
      name: 'a probe that is told',
      text: served(
        '--addr, "tcp://127.0.0.1:1234"',
        'livenessProbe: {exec: {command: [buildctl, --addr, "tcp://127.0.0.1:1234", debug, workers]}}',
      ),
      finds: [],
    },
    {
      name: 'a variable that tells it',
      text: served(
        '--addr=tcp://127.0.0.1:1234',
        `readinessProbe: {${PROBE}}\nenv: [{name: BUILDKIT_HOST, value: "tcp://127.0.0.1:1234"}]`,
      ),
      finds: [],
    },
    {
      name: 'in a shell',
      text: served(
        '--addr=tcp://127.0.0.1:1234',
        'readinessProbe: {exec: {command: [sh, -c, "buildctl debug workers"]}}',
      ),
      finds: [['probe.address', 'error']],
    },
    {
      name: 'a port that is not served',
      text: pod({ container: 'readinessProbe: {tcpSocket: {port: 1234}}' }),
      finds: [['probe.address', 'error', 'spec.containers[0].readinessProbe.tcpSocket']],
    },
    {
      name: 'a port of the container alone',
      text: served('--addr=tcp://127.0.0.1:1234', 'readinessProbe: {grpc: {port: 1234}}'),
      finds: [['probe.address', 'error']],
    },
    {
      name: 'a port by its name',
      text: served(
        '--addr=tcp://0.0.0.0:1234',
        'ports: [{name: b, containerPort: 1234}]\nreadinessProbe: {tcpSocket: {port: b}}',
      ),
      finds: [['tls.server-missing', 'warning']],
    },
    {
      name: 'HTTP',
      text: served('--addr=tcp://127.0.0.1:1234', 'livenessProbe: {httpGet: {port: 1234, path: /}}'),
      finds: [['probe.address', 'error']],
    },
    {
      name: 'the image of root',
      text: pod({
        image: ROOTFUL,
        args: '[--addr, "tcp://127.0.0.1:1234"]',
        security: 'privileged: true',
        container: `livenessProbe: {${PROBE}}`,
      }),
      finds: [['probe.address', 'error']],
    },
    {
      name: 'a check of compose',
      text: 'services:\n  b:\n    image: moby/buildkit\n    privileged: true\n    command: --addr tcp://127.0.0.1:1234\n    healthcheck: {test: [CMD, buildctl, debug, workers]}\n',
      finds: [['probe.address', 'warning', 'services.b.healthcheck.test']],
    },
  ]);
});

const tls = (flags: string, container = ''): string =>
  pod({
    args: `[${FLAG}, --addr, "tcp://0.0.0.0:1234", ${flags}]`,
    container,
    mounts: '- {name: v, mountPath: /c}',
    volumes: '- {name: v, secret: {secretName: s}}',
  });
const PAIR = '--tlscert, /c/b, --tlskey, /c/k';

describe('listeners', () => {
  testFiles([
    {
      name: 'TCP for everybody',
      text: pod({ args: `[${FLAG}, --addr, "tcp://0.0.0.0:1234"]` }),
      finds: [['tls.server-missing', 'warning', 'spec.containers[0].args[2]']],
    },
    { name: 'a certificate without its key', text: tls('--tlscert, /c/b'), finds: [['tls.server-pair', 'error']] },
    {
      name: 'a key that is not mounted',
      text: tls('--tlscert, /c/b, --tlskey, /k'),
      finds: [['tls.server-missing', 'error']],
    },
    {
      name: 'a probe without a certificate',
      text: tls(PAIR, 'readinessProbe: {exec: {command: [buildctl, --addr, "tcp://127.0.0.1:1234", debug, workers]}}'),
      finds: [['probe.address', 'error']],
    },
    {
      name: 'a probe that speaks no TLS',
      text: tls(PAIR, 'livenessProbe: {grpc: {port: 1234}}'),
      finds: [['probe.address', 'error']],
    },
    {
      name: 'with certificates',
      text: tls('--tlscacert, /c/ca, --tlscert, /c/b, --tlskey, /c/k'),
      finds: [],
    },
    { name: 'TCP for the pod', text: pod({ args: `[${FLAG}, --addr, "tcp://127.0.0.1:1234"]` }), finds: [] },
    {
      name: 'a socket of root',
      text: pod({ args: `[${FLAG}, --addr, "unix:///run/buildkit/buildkitd.sock"]` }),
      finds: [['socket.permission', 'error', 'spec.containers[0].args[2]']],
    },
    {
      name: 'a socket of root in a volume',
      text: pod({
        args: `[${FLAG}, --addr, "unix:///run/buildkit/buildkitd.sock"]`,
        mounts: '- {name: r, mountPath: /run/buildkit}',
        volumes: '- {name: r, emptyDir: {}}',
      }),
      finds: [],
    },
    { name: 'a socket of uid 1000', text: pod({ args: `[${FLAG}, --addr, "${OWN}"]` }), finds: [] },
    {
      name: 'no scheme',
      text: pod({ args: `[${FLAG}, --addr, "0.0.0.0:1234"]` }),
      finds: [['config.bad-address', 'error']],
    },
  ]);
});

const besides = (client: string, daemon = '', volumes = ''): string =>
  pod({ container: daemon, spec: `${volumes}` }).replace(
    '  containers:\n',
    `  containers:\n    - name: client\n      image: alpine\n${client}`,
  );
const SHARED = '      volumeMounts: [{name: r, mountPath: /run/user/1000/buildkit}]\n';

describe('clients', () => {
  testFiles([
    {
      name: "ask the other image's socket",
      text: besides('      command: [sh, -c, "buildctl --addr unix:///run/buildkit/buildkitd.sock build"]\n'),
      finds: [['env.buildkit-host-wrong', 'error', 'spec.containers[0].command[2]']],
    },
    {
      name: 'ask a socket that they do not share',
      text: besides(`      env: [{name: BUILDKIT_HOST, value: "${OWN}"}]\n`),
      finds: [['env.buildkit-host-wrong', 'error', 'spec.containers[0].env[0].value']],
    },
    {
      name: 'ask a socket that they share',
      text: besides(
        `      env: [{name: BUILDKIT_HOST, value: "${OWN}"}]\n${SHARED}`,
        'volumeMounts: [{name: r, mountPath: /run/user/1000/buildkit}]',
        'volumes: [{name: r, emptyDir: {}}]',
      ),
      finds: [],
    },
    {
      name: 'ask a port that nobody serves',
      text: besides('      env: [{name: BUILDKIT_HOST, value: "tcp://localhost:1234"}]\n'),
      finds: [['env.buildkit-host-wrong', 'error']],
    },
    {
      name: 'ask somebody else',
      text: besides('      env: [{name: BUILDKIT_HOST, value: "tcp://buildkitd.ci:1234"}]\n'),
      finds: [],
    },
    {
      name: 'in compose ask the wrong port',
      text: 'services:\n  b:\n    image: moby/buildkit\n    privileged: true\n    command: --addr tcp://0.0.0.0:1234\n  c:\n    image: a\n    environment: {BUILDKIT_HOST: "tcp://b:1235"}\n',
      finds: [
        ['tls.server-missing', 'warning'],
        ['env.buildkit-host-wrong', 'error', 'services.c.environment.BUILDKIT_HOST'],
      ],
    },
    {
      name: 'in compose ask the right one',
      text: 'services:\n  b:\n    image: moby/buildkit\n    privileged: true\n    command: --addr tcp://0.0.0.0:1234\n  c:\n    image: a\n    environment: ["BUILDKIT_HOST=tcp://b:1234"]\n',
      finds: [['tls.server-missing', 'warning']],
    },
  ]);
});

const service = (selector: string, port: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: b}\nspec:\n  selector: {matchLabels: {app: b}}\n  template:\n    metadata: {labels: {app: b}}\n    spec:\n      containers:\n        - name: b\n          image: moby/buildkit:v0.32.2\n          args: [--addr, "tcp://0.0.0.0:1234", --tlscert, /c/a, --tlskey, /c/b]\n          volumeMounts: [{name: c, mountPath: /c}]\n          securityContext: {privileged: true}\n          ports: [{name: api, containerPort: 1234}]\n      volumes: [{name: c, secret: {secretName: s}}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec:\n  selector: {app: ${selector}}\n  ports: [${port}]\n`;

describe('services', () => {
  testFiles([
    { name: 'that fit', text: service('b', '{port: 80, targetPort: 1234}'), finds: [] },
    { name: 'that name the port', text: service('b', '{port: 1234, targetPort: api}'), finds: [] },
    {
      name: 'that select nothing',
      text: service('c', '{port: 1234}'),
      finds: [['service.selector', 'warning', 'spec.selector']],
    },
    { name: 'for something else', text: service('c', '{port: 80}'), finds: [] },
    {
      name: 'that lead nowhere',
      text: service('b', '{port: 1234, targetPort: 8080}'),
      finds: [['service.port-mismatch', 'warning', 'spec.ports[0].targetPort']],
    },
  ]);
});
