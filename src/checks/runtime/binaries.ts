import type { Check } from '../../model/decide.ts';
import { type BinariesEvidence, binariesNeeds, judgePresence, judgeStart, openBinaries } from './binaries-case.ts';
import { judgeWorker } from './binaries-worker.ts';

export const runtimeBinaries: Check<typeof binariesNeeds, BinariesEvidence> = {
  id: 'runtime/binaries',
  title: 'Programs that a build needs are installed and work together',
  why: 'buildkitd starts an OCI runtime for every RUN step, and rootlesskit starts buildkitd for an ordinary user; each is looked up in PATH.',
  decides: true,
  conditions: [
    'binary.buildkitd-missing',
    'binary.rootless-helper-missing',
    'binary.buildctl-missing',
    'binary.git-missing',
    'runtime.runc-missing',
    'runtime.runc-too-old',
    'runtime.no-worker',
    'limits.pids',
    'limits.out-of-memory',
  ],
  needs: binariesNeeds,
  examine(facts) {
    const open = openBinaries(facts);
    const { binaries: found, software: programs } = facts;
    const daemon = 'binary.buildkitd-missing';
    judgePresence(open, daemon, 'error', 'buildkitd', found.buildkitd, 'there is no build daemon to start');
    judgeStart(open, daemon, 'buildkitd', programs.buildkitd);
    if (facts.launcher === 'rootlesskit') {
      const helper = 'binary.rootless-helper-missing';
      const use = 'an ordinary user cannot start buildkitd without it';
      judgePresence(open, helper, 'error', 'rootlesskit', found.rootlesskit, use);
      judgeStart(open, helper, 'rootlesskit', programs.rootlesskit);
    }
    judgeWorker(open);
    const client = 'another client has to send builds';
    judgePresence(open, 'binary.buildctl-missing', 'info', 'buildctl', found.buildctl, client);
    if (!found.git?.executable)
      open.add(
        'binary.git-missing',
        'info',
        'git',
        'git is not in PATH: builds from Git repositories and ADD of a repository fail',
      );
    return { problems: open.problems, unseen: open.unseen };
  },
};
