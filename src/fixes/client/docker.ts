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
  title: 'Say what makes Docker build where it should',
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
      return address === null ? null : `to build with this buildkitd: ${remote}, then docker buildx build`;
    case 'ignored':
      return `${remote}, then docker buildx build`;
    case 'idle':
      return `Take ${names.join(', ')} out of ${path ?? 'it'}; a buildkitd of one's own is used by: ${remote}`;
    case 'features':
      return `Take features.${names.join(', features.')} out of ${path ?? 'it'}`;
    case 'client-config':
    case 'daemon-config':
      return `Correct ${path ?? 'the file'}${names.length === 0 ? '' : ` (${names.join(', ')})`}`;
    case 'context':
      return 'docker context use default, or unset DOCKER_CONTEXT';
    case 'endpoint':
      return minor ? null : 'unset DOCKER_HOST, or start the dockerd that it names';
    case 'permission':
      return 'Ask an administrator for access to Docker (whoever has it is as mighty as root), or use a rootless Docker';
    case 'plugin':
      return path === null
        ? 'install buildx: https://github.com/docker/buildx/releases, as ~/.docker/cli-plugins/docker-buildx (mode 0755), or the package docker-buildx-plugin of Docker'
        : `chmod a+x ${quoted(path)}`;
    case 'variable':
      return minor ? 'unset DOCKER_BUILDKIT' : 'export DOCKER_BUILDKIT=1, or unset it';
    case 'builder':
      return names.length === 0
        ? 'docker buildx ls, then docker buildx rm what is broken'
        : 'docker buildx ls, then docker buildx use NAME (and unset BUILDX_BUILDER)';
    case 'directory':
      return `As root: chown ${uid} ${quoted(path ?? '')} (and what is in it)`;
    case 'helper':
      return `Install ${names.map((name) => `docker-credential-${name}`).join(', ')}, or take it out of ${path ?? 'config.json'}`;
  }
}
