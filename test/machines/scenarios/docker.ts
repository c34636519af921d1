import type { Scenario } from '../scenario.ts';

/** Docker's Engine brings a BuildKit of its own, which needs buildx as a client. */
export const DOCKER: readonly Scenario[] = [
  {
    name: "Docker's Engine without buildx",
    images: ['docker'],
    run: async (stage) => {
      await stage.must('systemctl start docker; usermod -aG docker alice');
      const report = await stage.ask('ssh', ['check']);
      const built = await stage.as(
        'ssh',
        `cd "$(mktemp -d)" && cp /bin/busybox . && printf 'FROM scratch\\nCOPY busybox /busybox\\nRUN ["/busybox","true"]\\n' >Dockerfile && DOCKER_BUILDKIT=1 docker build .`,
      );
      const client = report.checks.find(({ id }) => id === 'client/docker');
      stage.holds(
        'docker build with BuildKit',
        `exit ${built.code}; client/docker: ${client?.status}`,
        client !== undefined && (built.code === 0) === (client.status !== 'fail'),
      );
      await stage.agrees('alice');
    },
  },
];
