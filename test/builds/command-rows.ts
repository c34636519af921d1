// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates of workflows
import { PLAIN, type Row } from './judged.ts';

const FILE = 'FROM alpine\nRUN true\n';
const HOST = 'FROM alpine\nRUN --network=host true\n';
const ALLOWED = 'insecure-entitlements = ["network.host"]\n';

/** Builds and what is found in them: the command decides. */
export const commandRows: readonly (Row & { readonly name: string })[] = [
  // Entitlements on all three sides.
  {
    name: 'a step, and neither client nor daemon',
    dockerfile: HOST,
    flags: '',
    finds: ['error entitlement.missing Dockerfile:2', 'error entitlement.not-requested build.sh:2'],
  },
  {
    name: 'a step and the client',
    dockerfile: HOST,
    flags: '--allow network.host',
    finds: ['error entitlement.missing Dockerfile:2'],
  },
  {
    name: 'a step and the daemon',
    dockerfile: HOST,
    flags: '',
    config: ALLOWED,
    finds: ['error entitlement.not-requested build.sh:2'],
  },
  { name: 'all three', dockerfile: HOST, flags: '--allow network.host', config: ALLOWED, finds: [] },
  {
    name: 'the client alone',
    dockerfile: FILE,
    flags: '--allow network.host',
    finds: ['error entitlement.missing build.sh:2'],
  },
  {
    name: 'a step in a stage that is not built',
    dockerfile: `FROM alpine AS x\nRUN --network=host true\n${FILE}`,
    flags: '',
    finds: [],
  },
  {
    name: 'every step by the command',
    dockerfile: FILE,
    flags: '--opt force-network-mode=host',
    config: ALLOWED,
    finds: ['error entitlement.not-requested build.sh:2'],
  },
  { name: 'a Dockerfile alone', dockerfile: HOST, finds: ['warning entitlement.missing Dockerfile:2'] },
  ...[
    'network.dns',
    'docker.socket',
    'capabilities.setuid',
    'mount.bind',
    'mount.host-src',
    'procfs',
    'sysfs',
    'security.privileged',
    'NETWORK.HOST',
    'network.host,security.insecure',
  ].map((name) => ({
    name: `the invented entitlement ${name}`,
    dockerfile: FILE,
    flags: `--allow ${name}`,
    finds: ['error entitlement.unknown build.sh:2'],
  })),
  {
    name: 'device before v0.20',
    dockerfile: FILE,
    flags: '--allow device',
    buildkit: 'v0.19.0',
    finds: ['error entitlement.unknown build.sh:2'],
  },
  {
    name: 'a misspelt entitlement in the configuration',
    dockerfile: FILE,
    flags: '',
    config: 'insecure-entitlements = ["network-host"]\n',
    finds: ['warning entitlement.unknown buildkitd.toml:1'],
  },
  // Flags.
  { name: 'a flag of docker', dockerfile: FILE, flags: '-t app:1', finds: ['error build.flag-unknown build.sh:2'] },
  {
    name: 'build arguments as docker writes them',
    dockerfile: FILE,
    flags: '--build-arg A=1',
    finds: ['error build.flag-unknown build.sh:2'],
  },
  {
    name: 'an old client drops what follows a flag alone',
    dockerfile: FILE,
    flags: '--no-cache -t app --opt target=nope',
    buildkit: 'v0.30.0',
    finds: ['warning build.flag-ignored build.sh:2'],
  },
  {
    name: 'a newer client does not',
    dockerfile: FILE,
    flags: '--no-cache -t app',
    buildkit: 'v0.31.0',
    finds: ['error build.flag-unknown build.sh:2'],
  },
  { name: 'a lone point elsewhere', dockerfile: FILE, flags: '.', finds: [] },
  {
    name: 'no frontend',
    dockerfile: FILE,
    command: 'buildctl build --local context=. --local dockerfile=.',
    finds: ['error build.frontend-missing build.sh:2'],
  },
  {
    name: 'a frontend that does not exist',
    dockerfile: FILE,
    command: PLAIN.replace('.v0', '.v1'),
    finds: ['error build.frontend-unknown build.sh:2'],
  },
  {
    name: 'a gateway without its image',
    dockerfile: FILE,
    command: PLAIN.replace('dockerfile.v0', 'gateway.v0'),
    finds: ['error build.frontend-unknown build.sh:2'],
  },
  {
    name: 'a gateway with an old image',
    dockerfile: 'FROM alpine\nCOPY --parents a /\n',
    files: { a: '' },
    command: `${PLAIN.replace('dockerfile.v0', 'gateway.v0')} --opt source=docker/dockerfile:1.7`,
    finds: ['error dockerfile.frontend-too-old Dockerfile:2'],
  },
  {
    name: 'global flags in front',
    dockerfile: HOST,
    command: `buildctl --addr tcp://b:1234 --debug ${PLAIN.replace('buildctl ', '')} --allow network.host`,
    config: ALLOWED,
    finds: [],
  },
  {
    name: 'buildctl-daemonless.sh',
    dockerfile: FILE,
    command: PLAIN.replace('buildctl', 'buildctl-daemonless.sh').replace(
      '--frontend dockerfile.v0',
      '--frontend dockerfile.v9',
    ),
    finds: ['error build.frontend-unknown build.sh:2'],
  },
  {
    name: 'a command over several lines is told at its flag',
    dockerfile: FILE,
    command: `${PLAIN} \\\n  --allow \\\n  docker.socket`,
    finds: ['error entitlement.unknown build.sh:4'],
  },
  {
    name: 'a variable that the script sets',
    dockerfile: FILE,
    command: `F=dockerfile.v7\n${PLAIN.replace('dockerfile.v0', '"$F"')}`,
    finds: ['error build.frontend-unknown build.sh:3'],
  },
  {
    name: 'a variable that it does not set',
    dockerfile: FILE,
    command: PLAIN.replace('dockerfile.v0', '"$F"'),
    finds: [],
  },
  // Options.
  {
    name: 'options that do not exist',
    dockerfile: FILE,
    flags: '--opt network=host --opt file=x',
    finds: ['warning build.opt-ignored build.sh:2', 'warning build.opt-ignored build.sh:2'],
  },
  {
    name: 'a limit of memory before v0.31',
    dockerfile: FILE,
    flags: '--opt memory=1000000000',
    buildkit: 'v0.30.0',
    finds: ['warning build.opt-ignored build.sh:2'],
  },
  {
    name: 'a limit of memory with a unit',
    dockerfile: FILE,
    flags: '--opt memory=100m',
    finds: ['error build.opt-invalid build.sh:2'],
  },
  {
    name: 'a network by name',
    dockerfile: FILE,
    flags: '--opt force-network-mode=bridge',
    finds: ['error build.opt-invalid build.sh:2'],
  },
  {
    name: 'a bad date',
    dockerfile: FILE,
    flags: '--opt build-arg:SOURCE_DATE_EPOCH=today',
    finds: ['error build.opt-invalid build.sh:2'],
  },
  {
    name: 'the built-in frontend by BUILDKIT_SYNTAX',
    dockerfile: FILE,
    flags: '--opt build-arg:BUILDKIT_SYNTAX=dockerfile.v0',
    finds: ['error dockerfile.syntax-unavailable build.sh:2'],
  },
  // Directories and files.
  {
    name: 'no directory of the Dockerfile',
    dockerfile: FILE,
    command: 'buildctl build --frontend dockerfile.v0 --local context=.',
    finds: ['error build.local-missing build.sh:2'],
  },
  {
    name: 'a directory that does not exist',
    dockerfile: FILE,
    flags: '--local more=nowhere',
    finds: ['error build.local-missing build.sh:2'],
  },
  {
    name: 'a file in place of a directory',
    dockerfile: FILE,
    command: 'buildctl build --frontend dockerfile.v0 --local context=. --local dockerfile=Dockerfile',
    finds: ['error build.context-file-missing build.sh:2', 'error build.local-missing build.sh:2'],
  },
  { name: 'a context by a name that nothing uses', dockerfile: FILE, flags: '--opt context:x=local:x', finds: [] },
  {
    name: 'a context by a name that is not shared',
    dockerfile: 'FROM alpine\nCOPY --from=x /a /a\n',
    flags: '--opt context:x=local:x',
    finds: ['error build.local-missing build.sh:2'],
  },
  {
    name: 'a Dockerfile of another name',
    files: { 'other.Dockerfile': HOST },
    flags: '--opt filename=other.Dockerfile --allow network.host',
    config: ALLOWED,
    finds: [],
  },
  {
    name: 'a Dockerfile that does not exist',
    dockerfile: FILE,
    flags: '--opt filename=none',
    finds: ['error build.context-file-missing build.sh:2'],
  },
  // Outputs and caches.
  {
    name: 'two outputs before v0.13',
    dockerfile: FILE,
    flags: '--output type=oci,dest=a --output type=tar,dest=b',
    buildkit: 'v0.12.5',
    finds: ['error build.exporter-invalid build.sh:2'],
  },
  {
    name: 'two outputs since',
    dockerfile: FILE,
    flags: '--output type=oci,dest=a --output type=tar,dest=b',
    finds: [],
  },
  {
    name: 'an output of buildx',
    dockerfile: FILE,
    flags: '--output type=registry',
    finds: ['error build.exporter-invalid build.sh:2'],
  },
  {
    name: "Docker's output for two platforms",
    dockerfile: 'FROM scratch\nLABEL a=b\n',
    flags: '--output type=docker,dest=a --opt platform=linux/amd64,linux/arm64',
    finds: ['error build.exporter-invalid build.sh:2'],
  },
  {
    name: 'a cache of GitHub elsewhere',
    dockerfile: FILE,
    flags: '--export-cache type=gha',
    finds: ['error build.cache-invalid build.sh:2'],
  },
  {
    name: 'a cache in a registry without its name',
    dockerfile: FILE,
    flags: '--import-cache type=registry',
    finds: ['error build.cache-invalid build.sh:2'],
  },
  {
    name: 'a cache with its name',
    dockerfile: FILE,
    flags: '--import-cache type=registry,ref=example.org/c',
    finds: [],
  },
  // Secrets and keys of the client.
  {
    name: 'a secret from a file that does not exist',
    dockerfile: FILE,
    flags: '--secret id=a,src=none',
    finds: ['error build.secret-invalid build.sh:2'],
  },
  {
    name: 'a secret with an unknown key',
    dockerfile: FILE,
    flags: '--secret id=a,file=Dockerfile',
    finds: ['error build.secret-invalid build.sh:2'],
  },
  {
    name: 'keys of an agent that does not run',
    dockerfile: FILE,
    flags: '--ssh default',
    host: { sshAgent: false },
    finds: ['error env.ssh-agent-missing build.sh:2'],
  },
  // Docker's clients.
  {
    name: 'buildx asks for the network of the host by itself',
    dockerfile: HOST,
    command: 'docker buildx build --network=host .',
    config: ALLOWED,
    finds: [],
  },
  {
    name: 'a flag of docker run',
    dockerfile: FILE,
    command: 'docker buildx build --privileged .',
    finds: ['error build.flag-unknown build.sh:2'],
  },
  {
    name: 'a flag that does nothing',
    dockerfile: FILE,
    command: 'docker buildx build --security-opt seccomp=unconfined .',
    finds: ['warning build.flag-ignored build.sh:2'],
  },
  { name: 'flags behind the context', dockerfile: FILE, command: 'docker buildx build . -t a:1 --push', finds: [] },
  {
    name: 'the builder before BuildKit',
    dockerfile: 'FROM alpine\nRUN --mount=type=cache,target=/c true\n',
    command: 'DOCKER_BUILDKIT=0 docker build .',
    engine: '24.0.7',
    finds: ['error build.classic-builder Dockerfile:2'],
  },
  {
    name: 'a flag that it lacks',
    dockerfile: FILE,
    command: 'DOCKER_BUILDKIT=0 docker build --secret id=a .',
    engine: '28.2.2',
    finds: ['error build.flag-unknown build.sh:2'],
  },
  {
    name: 'BuildKit is the default of newer engines',
    dockerfile: 'FROM alpine\nRUN --mount=type=cache,target=/c true\n',
    command: 'docker build .',
    engine: '24.0.7',
    finds: [],
  },
  { name: 'a repository as the context', command: 'docker buildx build https://example.org/a.git#main', finds: [] },
  {
    name: 'a Dockerfile below another directory',
    files: { 'app/Dockerfile': HOST, 'app/a': '' },
    command: 'docker buildx build -f app/Dockerfile app',
    config: ALLOWED,
    finds: ['error entitlement.not-requested build.sh:2'],
  },
  // Workflows and other YAML.
  {
    name: 'a command in a workflow',
    dockerfile: FILE,
    files: {
      '.github/workflows/ci.yaml': `on: push\njobs:\n  a:\n    steps:\n      - run: |\n          set -e\n          ${PLAIN} --allow docker.socket\n`,
    },
    finds: ['error entitlement.unknown .github/workflows/ci.yaml:7'],
  },
  {
    name: 'the build action',
    dockerfile: HOST,
    files: {
      '.github/workflows/ci.yaml':
        'on: push\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          allow: network.dns\n',
    },
    config: ALLOWED,
    finds: [
      'error entitlement.not-requested .github/workflows/ci.yaml:5',
      'error entitlement.unknown .github/workflows/ci.yaml:8',
    ],
  },
  {
    name: 'a command as a list of words',
    dockerfile: FILE,
    files: { 'pod.yaml': `a: 1\ncommand: [${PLAIN.split(' ').join(', ')}, --allow, sysfs]\n` },
    finds: ['error entitlement.unknown pod.yaml:2'],
  },
  {
    name: 'a recipe of make',
    dockerfile: FILE,
    files: { Makefile: `image:\n\t@${PLAIN} --allow procfs\n` },
    finds: ['error entitlement.unknown Makefile:2'],
  },
  // Flags by release.
  {
    name: 'a flag that a later buildctl brought',
    dockerfile: FILE,
    flags: '--ref-file ref',
    buildkit: 'v0.11.1',
    finds: ['error build.flag-unknown build.sh:2'],
  },
  { name: 'the same flag since', dockerfile: FILE, flags: '--ref-file ref', buildkit: 'v0.11.2', finds: [] },
  {
    name: 'a flag that buildctl had long ago',
    dockerfile: FILE,
    command: `${PLAIN.replace('--frontend', '--frontend-opt target= --frontend')}`,
    buildkit: 'v0.10.6',
    finds: [],
  },
  {
    name: 'a device in place of a file',
    dockerfile: FILE,
    flags: '--metadata-file /dev/null',
    finds: ['warning build.opt-invalid build.sh:2'],
  },
  {
    name: 'the same of buildx',
    dockerfile: FILE,
    command: 'docker buildx build --metadata-file=/dev/stdout .',
    finds: ['warning build.opt-invalid build.sh:2'],
  },
  {
    name: 'an output and an id into a device',
    dockerfile: FILE,
    command: 'docker buildx build -o type=tar,dest=/dev/null --iidfile /dev/null .',
    finds: [],
  },
  {
    name: 'a flag of buildx for the BuildKit of Docker 20.10',
    dockerfile: FILE,
    command: 'DOCKER_BUILDKIT=1 docker build --build-context a=. .',
    engine: '20.10.24',
    finds: ['error build.flag-unknown build.sh:2'],
  },
  {
    name: 'flags that it has',
    dockerfile: 'FROM alpine\nRUN --mount=type=secret,id=a true\n',
    files: { a: '' },
    command: 'DOCKER_BUILDKIT=1 docker build --secret id=a,src=a --progress plain .',
    engine: '20.10.24',
    finds: [],
  },
  {
    name: 'where the output of the command goes',
    dockerfile: FILE,
    command: 'docker build . >build.log 2>&1',
    finds: [],
  },
  { name: 'a file for its standard input', command: 'docker build - <Dockerfile', finds: [] },
  {
    name: 'words that a variable or a list may hold',
    dockerfile: FILE,
    command: 'MORE="--build-arg A=1"\nNONE=""\ndocker buildx build $MORE $NONE "${args[@]}" "$@" .',
    finds: [],
  },
  {
    name: 'a line that PowerShell continues',
    dockerfile: FILE,
    files: {
      '.github/workflows/ci.yaml':
        'on: push\njobs:\n  a:\n    steps:\n      - run: |\n          & docker build `\n            -t example/a `\n            .\n',
    },
    finds: [],
  },
  {
    name: 'the bake action in another directory',
    dockerfile: HOST,
    files: {
      'docker-bake.hcl': 'target "app" {\n}\n',
      '.github/workflows/ci.yaml':
        'on: push\njobs:\n  a:\n    steps:\n      - uses: docker/bake-action@v6\n        with:\n          source: ./other\n          targets: elsewhere\n',
    },
    finds: ['warning entitlement.missing Dockerfile:2'],
  },
  {
    name: 'a file of Compose alone says nothing of the daemon',
    dockerfile: FILE,
    files: { 'compose.yaml': 'services:\n  app:\n    build:\n      context: .\n      privileged: true\n' },
    finds: ['warning entitlement.missing compose.yaml:5'],
  },
  // Builders.
  {
    name: 'a builder that the script makes lets builds use the network of the host',
    dockerfile: HOST,
    command: 'docker buildx create --use\ndocker buildx build --allow network.host .',
    finds: [],
  },
  {
    name: 'a builder that is not used',
    dockerfile: HOST,
    command: 'docker buildx create --name b\ndocker buildx build --allow network.host .',
    finds: ['error entitlement.missing Dockerfile:2'],
  },
  {
    name: 'a builder that the command names',
    dockerfile: HOST,
    command: 'docker buildx create --name b\ndocker buildx build --builder b --allow network.host .',
    finds: [],
  },
  {
    name: 'a builder that is chosen later',
    dockerfile: HOST,
    command: 'docker buildx create --name b\ndocker buildx use b\ndocker buildx build --allow network.host .',
    finds: [],
  },
  {
    name: 'a builder with other flags',
    dockerfile: HOST,
    command:
      "docker buildx create --use --buildkitd-flags '--allow-insecure-entitlement security.insecure'\ndocker buildx build --allow network.host .",
    finds: ['error entitlement.missing Dockerfile:2'],
  },
  {
    name: 'a builder with a configuration',
    dockerfile: 'FROM alpine\nRUN --security=insecure true\n',
    files: { 'ci/buildkit.toml': 'insecure-entitlements = ["security.insecure"]\n' },
    command:
      'docker buildx create --use --buildkitd-config ci/buildkit.toml\ndocker buildx build --allow security.insecure .',
    finds: [],
  },
  {
    name: 'a builder with a configuration that allows another',
    dockerfile: HOST,
    files: { 'ci/buildkit.toml': 'insecure-entitlements = ["security.insecure"]\n' },
    command:
      'docker buildx create --use --driver docker-container --config ci/buildkit.toml\ndocker buildx build --allow security.insecure .',
    finds: ['error entitlement.not-requested build.sh:3'],
  },
  {
    name: 'a builder that runs elsewhere',
    dockerfile: HOST,
    command: 'docker buildx create --use --driver remote tcp://b:1234\ndocker buildx build --allow network.host .',
    finds: [],
  },
  {
    name: 'a builder that allows no frontend images',
    dockerfile: '# syntax=docker/dockerfile:1\nFROM alpine\n',
    files: { 'b.toml': '[frontend."gateway.v0"]\n  enabled = false\n' },
    command: 'docker buildx create --use --buildkitd-config b.toml\ndocker buildx build .',
    finds: ['error dockerfile.syntax-refused Dockerfile:1'],
  },
  {
    name: 'docker build does not use the chosen builder',
    dockerfile: HOST,
    command: 'docker buildx create --use\ndocker build --allow network.host .',
    finds: ['error entitlement.missing Dockerfile:2'],
  },
  {
    name: 'the builder of a workflow',
    dockerfile: 'FROM alpine\nRUN --security=insecure true\n',
    files: {
      '.github/workflows/ci.yaml':
        'on: push\njobs:\n  a:\n    steps:\n      - uses: docker/setup-buildx-action@v3\n        with:\n          buildkitd-flags: --allow-insecure-entitlement security.insecure\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          allow: security.insecure\n',
    },
    finds: [],
  },
  {
    name: 'the builder of a workflow with its configuration inside',
    dockerfile: 'FROM alpine\nRUN --security=insecure true\n',
    files: {
      '.github/workflows/ci.yaml':
        'on: push\njobs:\n  a:\n    steps:\n      - uses: docker/setup-buildx-action@v3\n        with:\n          buildkitd-config-inline: |\n            insecure-entitlements = ["network.host"]\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          allow: security.insecure\n',
    },
    finds: ['error entitlement.missing Dockerfile:2'],
  },
  // Compose by itself.
  {
    name: 'docker compose build asks for what a service says',
    dockerfile: 'FROM alpine\nRUN --security=insecure true\n',
    files: { 'compose.yaml': 'services:\n  app:\n    build:\n      context: .\n      privileged: true\n' },
    command: 'docker compose build',
    config: 'insecure-entitlements = ["security.insecure"]\n',
    finds: [],
  },
  {
    name: 'and the daemon has to allow it',
    dockerfile: 'FROM alpine\nRUN --security=insecure true\n',
    files: {
      'compose.yaml': 'services:\n  app:\n    build:\n      context: .\n      entitlements: [security.insecure]\n',
    },
    command: 'docker compose up -d --build',
    finds: ['error entitlement.missing Dockerfile:2'],
  },
  {
    name: 'a service that asks for nothing',
    dockerfile: HOST,
    files: { 'compose.yaml': 'services:\n  app:\n    build: .\n' },
    command: 'docker compose -f compose.yaml build --no-cache app',
    config: ALLOWED,
    finds: ['error entitlement.not-requested Dockerfile:2'],
  },
  {
    name: 'an argument of the command, and a service that does not exist',
    dockerfile: 'FROM alpine\nARG F=gone\nCOPY $F /x\n',
    files: { a: '', 'docker-compose.yml': 'services:\n  app:\n    build: .\n' },
    command: 'docker compose build --build-arg F=a app other',
    finds: ['error build.target-missing build.sh:2'],
  },
  {
    name: 'a flag that Compose does not have',
    dockerfile: FILE,
    files: { 'compose.yaml': 'services:\n  app:\n    build: .\n' },
    command: 'docker compose build --allow network.host',
    finds: ['error build.flag-unknown build.sh:2', 'error build.target-missing build.sh:2'],
  },
  {
    name: 'paths are relative to the file of Compose',
    files: {
      'deploy/compose.yaml': 'services:\n  app:\n    build: ./app\n',
      'deploy/app/Dockerfile': 'FROM alpine\nCOPY gone /x\n',
      'app/Dockerfile': FILE,
      'app/gone': '',
    },
    command: 'docker compose -f deploy/compose.yaml build',
    finds: ['error build.context-file-missing deploy/app/Dockerfile:2'],
  },
  {
    name: 'an external secret is left out',
    dockerfile: 'FROM alpine\nRUN --mount=type=secret,id=s,required=true true\n',
    files: {
      'compose.yaml':
        'services:\n  app:\n    build:\n      context: .\n      secrets: [s]\nsecrets:\n  s:\n    external: true\n',
    },
    command: 'docker compose build',
    finds: ['error build.secret-missing Dockerfile:2'],
  },
  // Workflows that bake.
  {
    name: 'the bake action',
    dockerfile: HOST,
    files: {
      'docker-bake.hcl': 'target "app" {\n  entitlements = ["network.host"]\n}\n',
      '.github/workflows/ci.yaml':
        'on: push\njobs:\n  a:\n    steps:\n      - uses: docker/bake-action@v6\n        with:\n          files: ./docker-bake.hcl\n          targets: app\n',
    },
    config: ALLOWED,
    finds: ['error entitlement.not-requested .github/workflows/ci.yaml:5'],
  },
  {
    name: 'the bake action with a file that another step makes',
    dockerfile: HOST,
    files: {
      'docker-bake.hcl': 'target "app" {\n  entitlements = ["network.host"]\n}\n',
      '.github/workflows/ci.yaml':
        'on: push\njobs:\n  a:\n    steps:\n      - uses: docker/bake-action@v6\n        with:\n          files: |\n            ./docker-bake.hcl\n            cwd://${{ steps.meta.outputs.bake-file }}\n          targets: app\n',
    },
    config: ALLOWED,
    finds: [],
  },
];
