import type { Scenario } from '../scenario.ts';

/** Docker's Engine brings a BuildKit of its own, which needs buildx as a client. */
export const DOCKER: readonly Scenario[] = [
  {
    name: "Docker's Engine without buildx",
    images: ['docker'],
    run: async (stage) => {
      await stage.must('systemctl start docker; usermod -aG docker alice');
      const report = await stage.ask('ssh', ['check']);
      const found = report.checks.flatMap(({ problems }) => problems.map(({ condition }) => condition));
      const built = await stage.as(
        'ssh',
        `cd "$(mktemp -d)" && cp /bin/busybox . && printf 'FROM scratch\\nCOPY busybox /busybox\\nRUN ["/busybox","true"]\\n' >Dockerfile && DOCKER_BUILDKIT=1 docker build .`,
      );
      stage.holds(
        'docker build with BuildKit',
        `exit ${built.code}; ${found.filter((condition) => condition.startsWith('docker') || condition.startsWith('client')).join(', ')}`,
        true,
      );
      await stage.agrees('alice');
    },
  },
];
