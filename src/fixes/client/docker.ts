import type { DockerEvidence } from '../../checks/client/docker.ts';
import { listeners } from '../../facts/config/listeners.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { quoted } from '../quoted.ts';

const needs = { identity, listeners: optional(listeners) };

/** Docker's own files stay as they are; it is said what to change, and how to build with this buildkitd. */
export const directDocker: Fix<typeof needs, DockerEvidence> = {
  needs,
  title: 'Show how to make Docker use the intended builder',
  plan(problems, { identity: { target }, listeners: heard }) {
    const here = heard.value?.all.find(({ use, address: at }) => use === 'grpc' && at.scheme === 'unix');
    return problems.flatMap(({ evidence, severity }, index): readonly Treatment[] => {
      const text = adviceFor(evidence, severity === 'info', here?.text ?? null, target.uid);
      return text === null ? [] : [advice([index], text)];
    });
  },
};

function adviceFor(
  { what, path, names }: DockerEvidence,
  minor: boolean,
  address: string | null,
  uid: number,
): string | null {
  const remote =
    address === null
      ? 'docker buildx create --name buildkitd --driver remote ADDRESS --use'
      : `docker buildx create --name buildkitd --driver remote ${quoted(address)} --use`;
  switch (what) {
    case 'builds-with':
      return address === null ? null : `To build with this buildkitd:\n${remote}`;
    case 'ignored':
      return `Make a builder of this buildkitd, and build with docker buildx build:\n${remote}`;
    case 'idle':
      return `Take ${names.join(', ')} out of ${path ?? 'it'}; to use a buildkitd of one's own:\n${remote}`;
    case 'features':
      return `Take features.${names.join(', features.')} out of ${path ?? 'it'}`;
    case 'client-config':
    case 'daemon-config':
      return `Correct ${path ?? 'the file'}${names.length === 0 ? '' : ` (${names.join(', ')})`}`;
    case 'context':
      return 'Unset DOCKER_CONTEXT, or choose another context:\ndocker context use default';
    case 'endpoint':
      return minor ? null : 'Start the dockerd that DOCKER_HOST names, or unset it:\nunset DOCKER_HOST';
    case 'permission':
      return 'Ask an administrator for access to Docker (whoever has it is as mighty as root), or use a rootless Docker';
    case 'plugin':
      return path === null
        ? 'Install buildx from https://github.com/docker/buildx/releases as ~/.docker/cli-plugins/docker-buildx (mode 0755), or the package docker-buildx-plugin of Docker'
        : `Make it executable:\nchmod a+x ${quoted(path)}`;
    case 'variable':
      return minor ? 'Unset it:\nunset DOCKER_BUILDKIT' : 'Unset it, or switch BuildKit on:\nexport DOCKER_BUILDKIT=1';
    case 'builder':
      return names.length === 0
        ? 'Remove the broken builder with docker buildx rm NAME. To see them:\ndocker buildx ls'
        : 'Choose another builder with docker buildx use NAME, and unset BUILDX_BUILDER. To see them:\ndocker buildx ls';
    case 'directory':
      return `As root, give it back, with what is in it:\nchown -R ${uid} ${quoted(path ?? '')}`;
    case 'helper':
      return `Install ${names.map((name) => `docker-credential-${name}`).join(', ')}, or take it out of ${path ?? 'config.json'}`;
  }
}
