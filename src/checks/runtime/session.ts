import type { Check } from '../../model/decide.ts';
import { openSession, type SessionEvidence, sessionNeeds } from './session-case.ts';
import { judgeResolver } from './session-resolver.ts';
import { judgeRuntime } from './session-runtime.ts';
import { judgeTelemetry } from './session-telemetry.ts';
import { judgeTemporary } from './session-temporary.ts';
import { judgeHome, judgeUmask, judgeUser } from './session-user.ts';
import { judgeVariables } from './session-variables.ts';

export const runtimeSession: Check<typeof sessionNeeds, SessionEvidence> = {
  id: 'runtime/session',
  title: 'Session environment is complete',
  why: 'buildkitd, rootlesskit and runc take their sockets, state and temporary files from USER, HOME, XDG_RUNTIME_DIR and TMPDIR; where one is missing or not writable they fall back to paths of root.',
  decides: true,
  conditions: [
    'env.xdg-runtime-dir',
    'env.user',
    'env.home',
    'env.tmpdir',
    'env.xdg-data-home',
    'env.umask',
    'env.telemetry',
    'env.go-memory-limit',
    'env.source-date-epoch',
    'env.proxy-catches-client',
    'config.invalid-value',
    'storage.disk-full',
    'storage.inodes-exhausted',
    'net.dns-failure',
  ],
  needs: sessionNeeds,
  examine(facts) {
    const open = openSession(facts);
    // Root's own buildkitd has paths of its own.
    if (facts.launcher === 'rootlesskit') {
      judgeUser(open);
      judgeRuntime(open);
      judgeHome(open);
      judgeUmask(open);
    }
    judgeTemporary(open);
    judgeTelemetry(open);
    judgeVariables(open);
    judgeResolver(open);
    return { problems: open.problems, unseen: [] };
  },
};
