import type { SessionCase } from './session-case.ts';

/** buildkitd copies the list of name servers for a RUN step before it starts one; only absence does not matter. */
export function judgeResolver({ facts, who, add }: SessionCase): void {
  const { path, trouble } = facts.resolver;
  if (trouble === null) return;
  add(
    'net.dns-failure',
    'error',
    path,
    trouble === 'denied'
      ? `${who} may not read ${path}: every RUN step fails, because buildkitd copies it for each of them.`
      : `${path} is a ${trouble}, not a file: every RUN step fails, because buildkitd copies it for each of them.`,
    { kind: 'resolver', variable: path, path },
  );
}
