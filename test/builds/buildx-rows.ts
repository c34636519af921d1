// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates of HCL
import type { Row } from './judged.ts';

const PLAIN = 'FROM alpine\nRUN true\n';
const COPIES = 'FROM alpine\nARG F\nCOPY $F /x/\n';
const SECRET = 'FROM alpine\nRUN --mount=type=secret,id=s,required=true true\n';
const ALLOWED = 'insecure-entitlements = ["network.host", "security.insecure"]\n';

interface More extends Partial<Omit<Row, 'dockerfile' | 'finds'>> {
  readonly dockerfile?: string | null;
}

/** A row with two files in its directory, besides what it names. */
const built = (
  name: string,
  command: string,
  finds: readonly string[],
  { dockerfile = PLAIN, ...more }: More,
): Row & { readonly name: string } => ({
  name,
  command,
  finds,
  ...(dockerfile === null ? {} : { dockerfile }),
  ...more,
  files: { a: 'x', 'dir/b': 'y', ...more.files },
});
const bake = (name: string, hcl: string | null, finds: readonly string[], more: More = {}) =>
  built(`bake: ${name}`, 'docker buildx bake', finds, {
    ...more,
    files: { ...(hcl === null ? {} : { 'docker-bake.hcl': hcl }), ...more.files },
  });
const compose = (name: string, yaml: string, finds: readonly string[], more: More = {}) =>
  built(`bake of Compose: ${name}`, 'docker buildx bake', finds, {
    ...more,
    files: { 'compose.yaml': yaml, ...more.files },
  });
const buildx = (flags: string, finds: readonly string[], more: More = {}) =>
  built(`docker buildx build ${flags}`, `docker buildx build ${flags}`, finds, more);

/** Commands of buildx and the files that they read: each was run by buildx v0.36 with buildkitd v0.11.6 and v0.32.2 behind it. */
export const buildxRows: readonly (Row & { readonly name: string })[] = [
  bake('nodefault', 'target "app" {}\n', ['error build.target-missing build.sh:2']),
  bake('named', 'target "app" {}\n', [], { command: 'docker buildx bake app' }),
  bake('nosuch', 'target "app" {}\n', ['error build.target-missing build.sh:2'], {
    command: 'docker buildx bake nosuch',
  }),
  bake('group', 'group "default" { targets = ["app"] }\ntarget "app" {}\n', []),
  bake('group missing', 'group "default" { targets = ["app", "gone"] }\ntarget "app" {}\n', [
    'error build.target-missing build.sh:2',
  ]),
  bake('wild', 'target "app-a" {}\ntarget "app-b" {}\n', [], { command: 'docker buildx bake "app-*"' }),
  bake('var default', 'variable "F" { default = "a" }\ntarget "default" { args = { F = F } }\n', [], {
    dockerfile: COPIES,
  }),
  bake(
    'var gone',
    'variable "F" { default = "gone" }\ntarget "default" { args = { F = F } }\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES },
  ),
  bake('var set', 'variable "F" { default = "gone" }\ntarget "default" { args = { F = F } }\n', [], {
    dockerfile: COPIES,
    command: 'F=a docker buildx bake',
  }),
  bake('var flag', 'variable "F" { default = "gone" }\ntarget "default" { args = { F = F } }\n', [], {
    dockerfile: COPIES,
    command: 'docker buildx bake --var F=a',
  }),
  bake('var template', 'variable "X" { default = "a" }\ntarget "default" { args = { F = "./${X}" } }\n', [], {
    dockerfile: COPIES,
  }),
  bake('var function', 'variable "X" { default = "A" }\ntarget "default" { args = { F = lower(X) } }\n', [], {
    dockerfile: COPIES,
  }),
  bake(
    'var cond',
    'variable "X" { default = "1" }\ntarget "default" { args = { F = X == "1" ? "a" : "gone" } }\n',
    [],
    { dockerfile: COPIES },
  ),
  bake(
    'var cond2',
    'variable "X" { default = "2" }\ntarget "default" { args = { F = equal(X, "1") ? "a" : "gone" } }\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES },
  ),
  bake(
    'attr top',
    'F = "gone"\ntarget "default" { args = { F = F } }\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES },
  ),
  bake(
    'inherit',
    'target "base" { args = { F = "gone" } }\ntarget "default" { inherits = ["base"] }\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES },
  ),
  bake(
    'inherit over',
    'target "base" { args = { F = "gone" } }\ntarget "default" {\n inherits = ["base"]\n args = { F = "a" }\n}\n',
    [],
    { dockerfile: COPIES },
  ),
  bake(
    'inherit order',
    'target "x" { args = { F = "a" } }\ntarget "y" { args = { F = "gone" } }\ntarget "default" { inherits = ["y", "x"] }\n',
    [],
    { dockerfile: COPIES },
  ),
  bake(
    'inherit order2',
    'target "x" { args = { F = "a" } }\ntarget "y" { args = { F = "gone" } }\ntarget "default" { inherits = ["x", "y"] }\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES },
  ),
  bake(
    'inherit diamond',
    'target "d" { args = { F = "gone" } }\ntarget "x" {\n inherits = ["d"]\n args = { F = "a" }\n}\ntarget "y" { inherits = ["d"] }\ntarget "default" { inherits = ["x", "y"] }\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES },
  ),
  bake('inherit gone', 'target "default" { inherits = ["nope"] }\n', ['error build.target-missing docker-bake.hcl:1']),
  bake(
    'null arg',
    'target "base" { args = { F = "a" } }\ntarget "default" {\n inherits = ["base"]\n args = { F = null }\n}\n',
    [],
    { dockerfile: COPIES },
  ),
  bake(
    'ent merged',
    'target "base" { entitlements = ["network.host"] }\ntarget "default" {\n inherits = ["base"]\n entitlements = ["security.insecure"]\n}\n',
    [],
    {
      dockerfile: 'FROM alpine\nRUN --security=insecure true\nRUN --network=host true\n',
      command: 'docker buildx bake --allow network.host --allow security.insecure',
      config: ALLOWED,
    },
  ),
  bake(
    'secret merged',
    'target "base" { secret = ["id=s,src=a"] }\ntarget "default" {\n inherits = ["base"]\n secret = ["id=t,src=a"]\n}\n',
    [],
    { dockerfile: SECRET },
  ),
  bake('secret object', 'target "default" { secret = [{ id = "s", src = "a" }] }\n', [], { dockerfile: SECRET }),
  bake('secret none', 'target "default" {}\n', ['error build.secret-missing Dockerfile:2'], { dockerfile: SECRET }),
  bake('secret set', 'target "default" {}\n', [], {
    dockerfile: SECRET,
    command: 'docker buildx bake --set default.secrets=id=s,src=a',
  }),
  bake(
    'secret computed',
    'variable "S" { default = ["id=s,src=a"] }\ntarget "default" { secret = concat(S, []) }\n',
    [],
    { dockerfile: SECRET },
  ),
  bake(
    'secret gone',
    'target "default" { secret = ["id=s,src=nope"] }\n',
    ['error build.secret-invalid docker-bake.hcl:1'],
    { dockerfile: SECRET },
  ),
  bake('platforms override', 'target "default" { platforms = ["linux/foo bar"] }\n', [
    'error build.opt-invalid docker-bake.hcl:1',
  ]),
  bake('override file', 'target "default" { args = { F = "gone" } }\n', [], {
    dockerfile: COPIES,
    files: { 'docker-bake.override.hcl': 'target "default" { args = { F = "a" } }\n' },
  }),
  bake(
    'override file2',
    'target "default" { args = { F = "a" } }\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES, files: { 'docker-bake.override.hcl': 'target "default" { args = { F = "gone" } }\n' } },
  ),
  bake('two files', null, [], {
    dockerfile: COPIES,
    files: {
      'one.hcl': 'target "default" { args = { F = "gone" } }\n',
      'two.hcl': 'target "default" { args = { F = "a" } }\n',
    },
    command: 'docker buildx bake -f one.hcl -f two.hcl',
  }),
  bake(
    'matrix',
    'target "app" {\n name = "app-${t}"\n matrix = { t = ["a", "gone"] }\n args = { F = t }\n}\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES, command: 'docker buildx bake app' },
  ),
  bake(
    'matrix one',
    'target "app" {\n name = "app-${t}"\n matrix = { t = ["a", "gone"] }\n args = { F = t }\n}\n',
    [],
    { dockerfile: COPIES, command: 'docker buildx bake app-a' },
  ),
  bake(
    'matrix name',
    'target "app" {\n name = "app-${t.n}"\n matrix = { t = [{ n = "one", f = "a" }] }\n args = { F = t.f }\n}\n',
    [],
    { dockerfile: COPIES, command: 'docker buildx bake app-one' },
  ),
  bake(
    'matrix nosuch',
    'target "app" {\n name = "app-${t}"\n matrix = { t = ["a"] }\n}\n',
    ['error build.target-missing build.sh:2'],
    { command: 'docker buildx bake app-b' },
  ),
  bake(
    'target ref',
    'target "x" { args = { F = "gone" } }\ntarget "default" { args = { F = target.x.args.F } }\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES },
  ),
  bake('target stage', 'target "default" { target = "nope" }\n', ['error build.target-missing docker-bake.hcl:1']),
  bake('set unknown', 'target "default" {}\n', ['error build.opt-invalid build.sh:2'], {
    command: 'docker buildx bake --set default.platforms=linux/amd64',
  }),
  bake('set notarget', 'target "default" {}\n', ['error build.opt-invalid build.sh:2'], {
    command: 'docker buildx bake --set nope.args.F=a',
  }),
  bake('set nodot', 'target "default" {}\n', ['error build.opt-invalid build.sh:2'], {
    command: 'docker buildx bake --set foo=a',
  }),
  bake('set star', 'target "default" {}\n', [], {
    dockerfile: COPIES,
    command: 'docker buildx bake --set "*.args.F=a"',
  }),
  bake('set target', 'target "default" {}\n', ['error build.target-missing build.sh:2'], {
    command: 'docker buildx bake --set default.target=nope',
  }),
  bake('set dockerfile', 'target "default" {}\n', [], {
    files: { 'dir/Dockerfile': 'FROM alpine\nRUN true\n' },
    command: 'docker buildx bake --set default.dockerfile=dir/Dockerfile',
  }),
  bake(
    'ctx out',
    'target "default" { context = "../other" }\n',
    ['error entitlement.not-requested docker-bake.hcl:1'],
    { files: { '../other/Dockerfile': 'FROM scratch\n', '../other/s.txt': '' } },
  ),
  bake('ctx out allow', 'target "default" { context = "../other" }\n', [], {
    files: { '../other/Dockerfile': 'FROM scratch\n', '../other/s.txt': '' },
    command: 'docker buildx bake --allow fs.read=../other',
  }),
  bake('ctx out parent', 'target "default" { context = "../other" }\n', [], {
    files: { '../other/Dockerfile': 'FROM scratch\n', '../other/s.txt': '' },
    command: 'docker buildx bake --allow fs.read=..',
  }),
  bake('ctx out star', 'target "default" { context = "../other" }\n', [], {
    files: { '../other/Dockerfile': 'FROM scratch\n', '../other/s.txt': '' },
    command: 'docker buildx bake --allow fs=*',
  }),
  bake('ctx out off', 'target "default" { context = "../other" }\n', [], {
    files: { '../other/Dockerfile': 'FROM scratch\n', '../other/s.txt': '' },
    command: 'BUILDX_BAKE_ENTITLEMENTS_FS=0 docker buildx bake',
  }),
  bake('ctx out set', 'target "default" {}\n', ['error entitlement.not-requested build.sh:2'], {
    files: { '../other/Dockerfile': 'FROM scratch\n', '../other/s.txt': '' },
    command: 'docker buildx bake --set default.context=../other',
  }),
  bake(
    'named out',
    'target "default" { contexts = { o = "../other" } }\n',
    ['error entitlement.not-requested docker-bake.hcl:1'],
    {
      dockerfile: 'FROM alpine\nCOPY --from=o Dockerfile /x\n',
      files: { '../other/Dockerfile': 'FROM scratch\n', '../other/s.txt': '' },
    },
  ),
  bake(
    'secret out',
    'target "default" { secret = ["id=s,src=../other/s.txt"] }\n',
    ['error entitlement.not-requested docker-bake.hcl:1'],
    { dockerfile: SECRET, files: { '../other/Dockerfile': 'FROM scratch\n', '../other/s.txt': '' } },
  ),
  bake(
    'output out',
    'target "default" { output = ["type=local,dest=../out"] }\n',
    ['error entitlement.not-requested docker-bake.hcl:1'],
    { files: { '../other/Dockerfile': 'FROM scratch\n', '../other/s.txt': '' } },
  ),
  bake('output in', 'target "default" { output = ["type=local,dest=out"] }\n', []),
  bake(
    'cache out',
    'target "default" { cache-to = ["type=local,dest=../cache"] }\n',
    ['error entitlement.not-requested docker-bake.hcl:1'],
    { files: { '../other/Dockerfile': 'FROM scratch\n', '../other/s.txt': '' } },
  ),
  bake('ssh', 'target "default" { ssh = ["default"] }\n', ['error entitlement.not-requested docker-bake.hcl:1']),
  bake('ssh key', 'target "default" { ssh = ["default=a"] }\n', ['error env.ssh-agent-missing docker-bake.hcl:1']),
  bake('net host', 'target "default" { network = "host" }\n', ['error entitlement.not-requested build.sh:2'], {
    config: ALLOWED,
  }),
  bake('net host allow', 'target "default" { network = "host" }\n', [], {
    command: 'docker buildx bake --allow network.host',
    config: ALLOWED,
  }),
  bake(
    'linked ent',
    'target "base" {\n target = "base"\n entitlements = ["network.host"]\n}\ntarget "default" { contexts = { base = "target:base" } }\n',
    ['error entitlement.not-requested build.sh:2', 'error entitlement.not-requested build.sh:2'],
    {
      dockerfile: 'FROM alpine AS base\nRUN --network=host true\nFROM alpine\nCOPY --from=base /bin/sh /y\n',
      config: ALLOWED,
    },
  ),
  bake('linked self', 'target "default" { contexts = { base = "target:default" } }\n', [
    'error build.target-missing docker-bake.hcl:1',
  ]),
  bake('inline', 'target "default" {\n dockerfile-inline = <<EOT\nFROM scratch\nCOPY a /\nEOT\n}\n', [], {
    dockerfile: null,
  }),
  bake('hcl broken', 'target "default" {\n args = {\n', ['error build.opt-invalid docker-bake.hcl:2']),
  bake(
    'inline inherit',
    'target "base" { dockerfile-inline = "FROM scratch\\nCOPY a /\\n" }\ntarget "default" { inherits = ["base"] }\n',
    [],
    { dockerfile: null },
  ),
  bake(
    'unknown flag',
    'target "default" {}\n',
    ['error build.flag-unknown build.sh:2', 'error build.target-missing build.sh:2'],
    { command: 'docker buildx bake --build-arg A=1' },
  ),
  bake('json', null, ['error build.context-file-missing Dockerfile:3'], {
    dockerfile: COPIES,
    files: { 'docker-bake.json': '{"variable":{"F":{"default":"gone"}},"target":{"default":{"args":{"F":"${F}"}}}}\n' },
  }),
  bake('for', 'variable "L" { default = ["a"] }\ntarget "default" { tags = [for x in L : "example/${x}:1"] }\n', []),
  bake('forobj', 'variable "L" { default = ["F"] }\ntarget "default" { args = {for k in L : k => "a"} }\n', [], {
    dockerfile: COPIES,
  }),
  bake(
    'userfn',
    'function "f" {\n params = [x]\n result = "${x}"\n}\ntarget "default" { args = { F = f("a") } }\n',
    [],
    { dockerfile: COPIES },
  ),
  bake('bad allow', 'target "default" {}\n', ['error entitlement.unknown build.sh:2'], {
    command: 'docker buildx bake --allow docker.socket',
  }),
  bake('allow local delete', 'target "default" {}\n', [], {
    command: 'docker buildx bake --allow buildx.local.delete',
  }),
  bake('resources', 'target "default" { resources = { memory = "1g" } }\n', []),
  compose('args map', 'services:\n  app:\n    build:\n      context: .\n      args:\n        F: a\n', [], {
    dockerfile: COPIES,
  }),
  compose(
    'args gone',
    'services:\n  app:\n    build:\n      context: .\n      args:\n        F: gone\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES },
  ),
  compose('args list', 'services:\n  app:\n    build:\n      context: .\n      args:\n        - F=a\n', [], {
    dockerfile: COPIES,
  }),
  compose(
    'args default',
    'services:\n  app:\n    build:\n      context: .\n      args:\n        F: ${F:-gone}\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES },
  ),
  compose('args env', 'services:\n  app:\n    build:\n      context: .\n      args:\n        F: ${F:-gone}\n', [], {
    dockerfile: COPIES,
    command: 'F=a docker buildx bake',
  }),
  compose('args dotenv', 'services:\n  app:\n    build:\n      context: .\n      args:\n        F: ${F:-gone}\n', [], {
    dockerfile: COPIES,
    files: { '.env': 'F=a\n' },
  }),
  compose(
    'args dollar',
    'services:\n  app:\n    build:\n      context: .\n      args:\n        F: $F\n',
    ['error build.context-file-missing Dockerfile:3'],
    { dockerfile: COPIES, files: { '.env': 'F=gone\n' } },
  ),
  compose('short', 'services:\n  app:\n    build: .\n', []),
  compose('short dir', 'services:\n  app:\n    build: ./dir\n', [], {
    files: { 'dir/Dockerfile': 'FROM alpine\nCOPY b /x\n' },
  }),
  compose(
    'inline',
    'services:\n  app:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM scratch\n        COPY a /\n',
    [],
    { dockerfile: null },
  ),
  compose('target', 'services:\n  app:\n    build:\n      context: .\n      target: nope\n', [
    'error build.target-missing compose.yaml:5',
  ]),
  compose(
    'addctx',
    'services:\n  app:\n    build:\n      context: .\n      additional_contexts:\n        other: ./dir\n',
    [],
    { dockerfile: 'FROM alpine\nCOPY --from=other b /\n' },
  ),
  compose(
    'addctx list',
    'services:\n  app:\n    build:\n      context: .\n      additional_contexts:\n        - other=./dir\n',
    [],
    { dockerfile: 'FROM alpine\nCOPY --from=other b /\n' },
  ),
  compose(
    'addctx service',
    'services:\n  base:\n    build:\n      context: .\n      target: base\n  app:\n    build:\n      context: .\n      additional_contexts:\n        other: service:base\n',
    [],
    { dockerfile: 'FROM alpine AS base\nFROM alpine\nCOPY --from=other /bin/sh /y\n' },
  ),
  compose(
    'secret file',
    'services:\n  app:\n    build:\n      context: .\n      secrets:\n        - s\nsecrets:\n  s:\n    file: ./a\n',
    [],
    { dockerfile: SECRET },
  ),
  compose(
    'secret long',
    'services:\n  app:\n    build:\n      context: .\n      secrets:\n        - source: s\nsecrets:\n  s:\n    file: ./a\n',
    [],
    { dockerfile: SECRET },
  ),
  compose(
    'secret target',
    'services:\n  app:\n    build:\n      context: .\n      secrets:\n        - source: s\n          target: other\nsecrets:\n  s:\n    file: ./a\n',
    [],
    { dockerfile: SECRET },
  ),
  compose(
    'secret env',
    'services:\n  app:\n    build:\n      context: .\n      secrets:\n        - s\nsecrets:\n  s:\n    environment: HOME\n',
    [],
    { dockerfile: SECRET },
  ),
  compose(
    'secret external',
    'services:\n  app:\n    build:\n      context: .\n      secrets:\n        - s\nsecrets:\n  s:\n    external: true\n',
    ['error build.secret-invalid compose.yaml:6', 'error build.secret-missing Dockerfile:2'],
    { dockerfile: SECRET },
  ),
  compose('ssh', 'services:\n  app:\n    build:\n      context: .\n      ssh:\n        - default\n', [
    'error entitlement.not-requested compose.yaml:6',
  ]),
  compose(
    'network host',
    'services:\n  app:\n    build:\n      context: .\n      network: host\n',
    ['error entitlement.not-requested build.sh:2'],
    { config: ALLOWED },
  ),
  compose('network host allow', 'services:\n  app:\n    build:\n      context: .\n      network: host\n', [], {
    command: 'docker buildx bake --allow network.host',
    config: ALLOWED,
  }),
  compose('privileged', 'services:\n  app:\n    build:\n      context: .\n      privileged: true\n', [
    'warning build.opt-ignored compose.yaml:5',
  ]),
  compose(
    'entitlements',
    'services:\n  app:\n    build:\n      context: .\n      entitlements:\n        - security.insecure\n',
    ['warning build.opt-ignored compose.yaml:6', 'error entitlement.not-requested Dockerfile:2'],
    {
      dockerfile: 'FROM alpine\nRUN --security=insecure true\n',
      command: 'docker buildx bake --allow security.insecure',
      config: ALLOWED,
    },
  ),
  compose(
    'nocachefilter',
    'services:\n  app:\n    build:\n      context: .\n      no_cache_filter:\n        - x\n',
    [],
  ),
  compose('extra', 'services:\n  app:\n    build:\n      context: .\n      cap_add: [SYS_ADMIN]\n', [
    'error build.opt-invalid compose.yaml:5',
  ]),
  compose('nosuch', 'services:\n  app:\n    build:\n      context: .\n', ['error build.target-missing build.sh:2'], {
    command: 'docker buildx bake nosuch',
  }),
  compose('named', 'services:\n  app:\n    build:\n      context: .\n', [], { command: 'docker buildx bake app' }),
  compose('merge', 'services:\n  app:\n    build:\n      context: .\n      args:\n        F: gone\n', [], {
    dockerfile: COPIES,
    files: { 'over.yaml': 'services:\n  app:\n    build:\n      args:\n        F: a\n' },
    command: 'docker buildx bake -f compose.yaml -f over.yaml',
  }),
  compose(
    'xbake',
    'services:\n  app:\n    build:\n      context: .\n      x-bake:\n        secret:\n          - id=s,src=a\n',
    [],
    { dockerfile: SECRET },
  ),
  compose('platform service', 'services:\n  app:\n    build:\n      context: .\n    platform: linux/foo\n', []),
  buildx('--check .', []),
  buildx('--call=check .', []),
  buildx('--print=outline .', []),
  buildx('--detach=false .', ['error build.flag-unknown build.sh:2']),
  buildx('-D .', []),
  buildx('-qt example/x .', []),
  buildx('-texample/x .', []),
  buildx('--allow buildx.local.delete .', []),
  buildx('--rm .', []),
  buildx('--add-host foo:1.2.3.4 .', []),
  buildx('--add-host foo .', ['error build.opt-invalid build.sh:2']),
  buildx('nope', ['error build.context-file-missing build.sh:2']),
  buildx('-t x', ['error build.opt-invalid build.sh:2']),
  buildx('. .', ['error build.opt-invalid build.sh:2']),
  buildx('--network default .', []),
  buildx('--push .', ['error build.exporter-invalid build.sh:2']),
  buildx('--provenance=false .', []),
  buildx('--sbom=maybe .', ['error build.opt-invalid build.sh:2']),
  buildx('--ssh default=a .', ['error env.ssh-agent-missing build.sh:2']),
  buildx('--progress foo .', ['error build.opt-invalid build.sh:2']),
  buildx('--policy disabled=true .', []),
  buildx('--resource memory=1g .', []),
  buildx('-t Example .', ['error build.opt-invalid build.sh:2']),
  buildx('--no-cache=true --pull=false .', []),
  buildx('-- .', []),
];
