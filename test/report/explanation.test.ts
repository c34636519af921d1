import { describe, expect, test } from 'vitest';
import { explanationMarkdown, explanationText } from '../../src/report/explanation.ts';
import type { Diagnosis, Explanation } from '../../src/symptoms/diagnose.ts';
import { layout } from './everything.ts';

const locked: Diagnosis = {
  condition: 'daemon.state-dir-locked',
  definition: 'Another buildkitd holds the lock',
  confidence: 'certain',
  file: 'build.log',
  line: 7,
  excerpt: 'could not lock /x/buildkitd.lock\u001b[2J, another instance running?',
  by: 'buildkitd',
  why: 'Two of them would ruin the cache.',
  checks: ['runtime/instance'],
  remedy: ['End the other one:', '$ systemctl --user stop buildkit', '$ systemctl --user disable buildkit'],
  tell: ['$ cat /proc/locks'],
  docs: 'docs/conditions/daemon.state-dir-locked.md',
  confirmed: null,
  also: [],
};
const stale: Diagnosis = {
  ...locked,
  condition: 'socket.stale',
  definition: 'Leftover socket',
  confidence: 'possible',
  tell: ['$ ss -xl'],
};
const explanation: Explanation = {
  schema: 1,
  diagnoses: [locked, stale],
  failure: null,
  surroundings: [],
  lines: 9,
};

describe('what a log shows', () => {
  test('in a terminal: cause, evidence, why, remedy to copy, how to make sure, and what else it can be', () => {
    expect(explanationText(explanation, layout)).toBe(`daemon.state-dir-locked (certain)
  Another buildkitd holds the lock.
  build.log:7: could not lock /x/buildkitd.lock\\x1b[2J, another instance
    running?
  Said by: buildkitd.
  Why it matters: Two of them would ruin the cache.
  What to do:
    End the other one:
      systemctl --user stop buildkit
      systemctl --user disable buildkit
  To make sure:
      bk-doctor check --only runtime/instance
      cat /proc/locks
  More: bk-doctor show daemon.state-dir-locked

It could also be:
  socket.stale: Leftover socket.
      ss -xl
`);
  });

  test('for a ticket: the same, with blocks to copy', () => {
    expect(explanationMarkdown(explanation)).toBe(`## \`daemon.state-dir-locked\` (certain)

Another buildkitd holds the lock.

build.log:7:

\`\`\`text
could not lock /x/buildkitd.lock\\x1b[2J, another instance running?
\`\`\`

Said by buildkitd. Two of them would ruin the cache.

End the other one:

\`\`\`sh
systemctl --user stop buildkit
systemctl --user disable buildkit
\`\`\`

To make sure:

\`\`\`sh
bk-doctor check --only runtime/instance
cat /proc/locks
\`\`\`

It could also be:

- \`socket.stale\`: Leftover socket. \`ss -xl\`
`);
  });

  test('looked for on this host: whether it is there, and nothing to make sure of', () => {
    const here = { ...explanation, diagnoses: [{ ...locked, confirmed: true }] };
    expect(explanationText(here, layout)).toContain('daemon.state-dir-locked (certain, confirmed here)\n');
    expect(explanationText(here, layout)).not.toContain('To make sure');
    expect(explanationMarkdown(here)).not.toContain('To make sure');
  });
});
