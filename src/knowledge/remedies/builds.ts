import type { Remedy } from './remedy.ts';

export const BUILD_REMEDIES = {
  'dockerfile.parse-error': {
    why: 'The build ends before its first step: no release of the Dockerfile frontend takes this text.',
    steps: {
      host: [
        'Mend the line that is named. A flag stands in front of all other arguments, in small letters, without blanks in it.',
      ],
    },
    tell: ['$ docker build --check .'],
  },
  'dockerfile.frontend-too-old': {
    why: 'The frontend that reads the Dockerfile is older than what the file uses; the build ends with "unknown flag" or "unknown instruction".',
    steps: {
      host: [
        'Write # syntax=docker/dockerfile:1 in the very first line: the daemon then pulls the newest frontend.',
        'Where it cannot pull images, use a newer buildkitd; the frontend 1.(n-6) is built into v0.n.',
      ],
      docker: ['Write # syntax=docker/dockerfile:1 in the very first line, or use a newer Docker Engine.'],
    },
    tell: ['$ buildctl debug info', '$ docker version'],
  },
  'dockerfile.labs-required': {
    why: 'The stable channel of the frontend does not have this yet.',
    steps: { host: ['Write # syntax=docker/dockerfile:1-labs in the very first line.'] },
  },
  'dockerfile.daemon-too-old': {
    why: 'The daemon itself has to know this, so that no syntax line helps.',
    steps: { host: ['Use a newer buildkitd.'] },
    tell: ['$ buildctl debug info'],
  },
  'dockerfile.silently-ignored': {
    why: 'The build succeeds, and what the line asks for is not done.',
    steps: { host: ['Write it in the older way that is named, or use a release that does it.'] },
  },
  'dockerfile.invalid-option': {
    why: 'The step ends before it runs: BuildKit has other types and keys of mounts than containers have.',
    steps: {
      host: [
        'The types are bind, cache, tmpfs, secret and ssh; each field is key=value, without blanks behind the commas.',
      ],
    },
  },
  'dockerfile.syntax-ignored': {
    why: 'The line is taken for a comment: the frontend of the daemon reads the file, which may be older.',
    steps: { host: ['Make it the very first line, without blanks in front of it.'] },
  },
  'dockerfile.syntax-refused': {
    why: 'The configuration of the daemon allows no frontend images, or not this one.',
    steps: {
      host: [
        'Remove the line # syntax=, or add the repository to allowedRepositories of [frontend."gateway.v0"] in buildkitd.toml.',
      ],
    },
  },
  'dockerfile.syntax-unavailable': {
    why: 'The daemon pulls the frontend before it reads the file; without it not even FROM scratch can be built.',
    steps: {
      host: [
        'Name a tag that exists, such as # syntax=docker/dockerfile:1, give the daemon a mirror that has it, or remove the line.',
      ],
    },
  },
  'dockerfile.host-path-mount': {
    why: 'Builds mount from their context, from stages and from images, never from the host: the path is looked for in the context.',
    steps: {
      host: [
        'Copy what is needed into the context.',
        'Give another directory to the build: --local NAME=DIRECTORY --opt context:NAME=local:NAME, and mount it with from=NAME.',
      ],
      docker: [
        'Give another directory to the build: docker buildx build --build-context NAME=DIRECTORY, and mount it with from=NAME.',
      ],
    },
  },
  'dockerfile.secret-owner': {
    why: 'A secret belongs to root with mode 0400, also in a step of another user.',
    steps: { host: ['Add uid= of that user or mode=0444 to the mount, or env=NAME to get the secret as a variable.'] },
  },
  'dockerfile.cache-owner': {
    why: 'A new cache belongs to root with mode 0755, whatever stood at its place in the image.',
    steps: { host: ['Add uid= and gid= of the user to the mount.'] },
  },
  'dockerfile.readonly-mount-write': {
    why: 'A bind mount is read-only unless it says rw, and what it shows belongs to root.',
    steps: { host: ['Write elsewhere, or add rw to the mount: what is written there is then thrown away.'] },
  },
  'dockerfile.line-endings': {
    why: 'The shell takes the CR at the end of a line for a part of its last word.',
    steps: { host: ['Save the Dockerfile with LF alone at the end of its lines.'] },
  },
  'dockerfile.check-violation': {
    why: 'With error=true what BuildKit only warns of otherwise ends the build.',
    steps: { host: ['Mend the line, or name the rule behind skip= of the check directive.'] },
  },
  'dockerfile.frontend-foreign': {
    why: 'The syntax line, or BUILDKIT_SYNTAX, names a frontend image that is not docker/dockerfile: it may read the file in any way.',
    steps: { host: ['Ask those who make the frontend; docker/dockerfile:1 is the one that is judged here.'] },
  },
  'dockerfile.image-file-missing': {
    why: 'An image made FROM scratch holds nothing but what the stage puts there: no shell, no programs, no list of accounts.',
    steps: {
      host: [
        'Run the step in a stage of an image that has a shell, and take what it makes with COPY --from=STAGE; or copy what is needed into the image first.',
      ],
    },
  },
  'dockerfile.stage-order': {
    why: 'A stage exists only behind its FROM: in front of it the name means an image, or is refused.',
    steps: { host: ['Move the stage in front of the one that uses it.'] },
  },
  'dockerfile.device-missing': {
    why: 'A device that is required has to be registered with the daemon by a CDI specification.',
    steps: {
      host: [
        'Write a specification into /etc/cdi, or let the tool of the vendor do it, and restart buildkitd; or leave out required.',
      ],
    },
    tell: ['$ ls /etc/cdi /var/run/cdi'],
  },
  'build.arg-missing': {
    why: 'A variable without a value is empty, which FROM does not take, nor a substitution that requires one.',
    steps: {
      host: ['Give the value with --build-arg, or --opt build-arg:NAME=VALUE of buildctl, or give its ARG a default.'],
    },
  },
  'build.secret-missing': {
    why: 'A secret that is not required is silently left out: the step runs without it.',
    steps: {
      host: [
        'Add --secret id=NAME,src=FILE to the command, and required=true to the mount, so that it is not forgotten.',
      ],
    },
  },
  'build.secret-invalid': {
    why: 'The client ends before it asks the daemon.',
    steps: { host: ['Write --secret id=NAME,src=FILE with a file that exists, or --secret id=NAME,env=VARIABLE.'] },
  },
  'build.ssh-missing': {
    why: 'Keys that are not required are silently left out: the step runs without an agent.',
    steps: { host: ['$ eval "$(ssh-agent)" && ssh-add', 'Add --ssh default to the command.'] },
    tell: ['$ ssh-add -l'],
  },
  'build.local-missing': {
    why: 'The daemon reads only directories that the client shares by name.',
    steps: {
      host: [
        'Add --local NAME=DIRECTORY to the command; the Dockerfile frontend reads the names dockerfile and context.',
      ],
    },
  },
  'build.file-unreadable': {
    why: 'The client reads the files of a build with the rights of the account that calls it; a file of the context that it may not read is silently sent empty.',
    steps: { host: ['Give the account that builds the right to read the file, or build as an account that may.'] },
    tell: ['$ ls -ld FILE'],
  },
  'registry.mirror-asked': {
    why: 'The daemon asks the mirrors of a registry in their order, and the registry itself last.',
    steps: { host: ['See that the mirrors answer, and have the images of the build.'] },
    tell: ['$ grep -A 3 mirrors /etc/buildkit/buildkitd.toml'],
  },
  'build.context-file-missing': {
    why: 'The daemon sees the context alone, and of that nothing that .dockerignore leaves out.',
    steps: {
      host: [
        'Put the file into the context, mend the path, or except it in .dockerignore with a line that begins with an exclamation mark.',
      ],
    },
    tell: ['$ cat .dockerignore Dockerfile.dockerignore'],
  },
  'build.frontend-unknown': {
    why: 'The daemon has the frontends dockerfile.v0 and gateway.v0, as far as its configuration leaves them on.',
    steps: { host: ['Write --frontend dockerfile.v0.'] },
  },
  'build.frontend-missing': {
    why: 'Without a frontend buildctl reads a build definition in LLB from its standard input.',
    steps: { host: ['Add --frontend dockerfile.v0.'] },
  },
  'build.flag-unknown': {
    why: 'The client ends before it asks the daemon.',
    steps: { host: ['Write what the client has for it; buildctl takes most as --opt and --output.'] },
    tell: ['$ buildctl build --help'],
  },
  'build.flag-ignored': {
    why: 'The build succeeds, and the flag does nothing.',
    steps: { host: ['Leave it out, or write what does the same.'] },
  },
  'build.opt-ignored': {
    why: 'The build succeeds, and the option does nothing.',
    steps: { host: ['Write the name of the option as docs/dockerfile.md has it.'] },
  },
  'build.opt-invalid': {
    why: 'The frontend refuses the value, and the build ends before its first step.',
    steps: { host: ['Mend the value.'] },
  },
  'build.exporter-invalid': {
    why: 'The result cannot be written in this form, and the build ends before its first step.',
    steps: {
      host: [
        'The types of --output are image, local, tar, oci and docker; to push, write type=image,name=NAME,push=true.',
      ],
    },
  },
  'build.cache-invalid': {
    why: 'The build ends before its first step.',
    steps: {
      host: ['Name type= and what it needs: ref= for registry, dest= or src= for local, bucket= and region= for s3.'],
    },
  },
  'build.classic-builder': {
    why: "Docker's builder before BuildKit knows no mounts, no here-documents and no syntax line.",
    steps: {
      host: ['$ DOCKER_BUILDKIT=1 docker build .', 'Or install the buildx plugin, and build with docker buildx build.'],
    },
    tell: ['$ docker buildx version'],
  },
  'build.target-missing': {
    why: 'The build ends before its first step.',
    steps: { host: ['Name a stage that the Dockerfile has, or leave the target out to build the last one.'] },
  },
  'entitlement.not-requested': {
    why: 'A step may leave its sandbox only where the command asks for it, whatever the daemon allows.',
    steps: {
      host: ['Add --allow ENTITLEMENT to the command; with bake, entitlements = ["ENTITLEMENT"] to the target too.'],
    },
  },
} as const satisfies { readonly [condition: string]: Remedy };
