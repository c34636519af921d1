import { crashIn } from '../../knowledge/errors/crash.ts';
import { errnoInText } from '../../knowledge/errors/errno.ts';
import { launchStageOf } from '../../knowledge/errors/launch.ts';
import type { NamespaceAnswer } from '../../model/look.ts';
import { seconds } from '../../text/seconds.ts';

type Stage = NonNullable<NamespaceAnswer['launch']['stage']>;

/** Why the chain did not come to its end, and where it broke; `lateMs`: it was ended after so long. */
export function failureOf(
  lateMs: number | null,
  log: string,
  rootlesskit: boolean,
): { errno: string | null; message: string; stage: Stage } {
  const lines = log
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  // The parent's error is the cause; the child's "parsing message from fd 3: EOF" only follows from it.
  const cause =
    lines.find((line) => /rootlesskit:parent\] error/.test(line) && !/error: child exited/.test(line)) ??
    crashIn(log)?.words ??
    lines.find((line) => /error|failed/i.test(line) && !/fd 3: EOF/.test(line)) ??
    lines.at(-1) ??
    '';
  const message = cause.replace(/^(\S+ )?\[rootlesskit:\w+ *\] error: /, '');
  const errno = errnoInText(message);
  if (lateMs !== null)
    return { errno: 'ETIMEDOUT', message: message || `no answer within ${seconds(lateMs)}`, stage: 'timeout' };
  if (!rootlesskit) return { errno, message, stage: /unshare/.test(message) ? 'clone' : 'spawn' };
  // What is spawned and cannot be started leaves an errno alone.
  const spawned = /^\S+: E[A-Z]+$/.test(message);
  return { errno, message, stage: spawned ? 'spawn' : launchStageOf(message) };
}
