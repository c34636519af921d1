import { expect, test } from 'vitest';
import { namesOf } from '../../src/names/names.ts';
import { markdown } from '../../src/report/formats/markdown-report.ts';
import { redact } from '../../src/report/redact.ts';
import { everything } from './everything.ts';

test('a report for an issue: verdict, host, findings; the rest folded; nothing in it is markup', () => {
  expect(
    markdown(redact(everything, namesOf())),
  ).toBe(`## bk-doctor: NOT READY: user1 has no line in /etc/subuid (idmap/ranges); 1 more check fails (7 of 8 checks selected)

| | |
| --- | --- |
| BuildKit for | rootless, user1 (uid 1001), launcher rootlesskit |
| Host | Debian GNU/Linux 12 (bookworm), Linux 6.1.0-18-amd64, x64 |
| Container | none |
| Configuration | /home/user1/.config/buildkit/buildkitd.toml (default) |
| State directory | /home/user1/.local/share/buildkit (default) |
| Addresses | unix:///run/user/1001/buildkit/buildkitd.sock, tcp://192.0.2.1:1234 (file) |
| rootlesskit | 1.1.0 |
| buildkitd | not found |
| Made by | bk-doctor 9.8.7, 2026-01-01T00:00:00.000Z |

### Treated

- \`runtime/session\`: cured
- \`userns/probe\`: needs-root. This needs root.

### FAIL \`idmap/ranges\`

- error \`idmap.subid-missing\`: /etc/subuid:3: user1 has no line in /etc/subuid.

Fix (as root):

1. Add a line to /etc/subuid:

   \`\`\`text
   user1:100000:65536
   \`\`\`

2. Then, as user1, run:

   \`\`\`text
   podman system migrate
   \`\`\`

<details><summary>Evidence</summary>

\`\`\`text
idmap.subid-missing {"file":"/etc/subuid","user":"user1"}
\`\`\`

</details>

### FAIL \`userns/probe\`

- error \`idmap.subid-missing\`: rootlesskit could not map ids: \\\\x1b\\[31mNo subuid ranges\\\\x1b\\[0m found for user 1001 ("user1").
- warning \`userns.max-other-zero\`: user.max\\_net\\_namespaces is 0.

Risky fix (as root; takes effect at the next boot): Consequence: Any account may then make network namespaces.

1. Set user.max\\_net\\_namespaces to 1024 at once (it is 0).

<details><summary>Evidence</summary>

\`\`\`text
idmap.subid-missing {"stage":"map"}
userns.max-other-zero {"key":"user.max_net_namespaces","value":0}
\`\`\`

</details>

### UNKNOWN \`storage/ownership\`

Not known: /home/user1/.local/share/buildkit/runc-overlayfs could not be entered: permission denied

To find out:

\`\`\`sh
sudo ls -ld /home/user1/.local/share/buildkit/runc-overlayfs
\`\`\`

### WARN \`snapshotter/selected\`

- warning \`snapshotter.native-fallback\`: buildkitd would silently use the native snapshotter.

By hand:

1. Move the state directory to a file system that holds overlay mounts.

<details><summary>Evidence</summary>

\`\`\`text
snapshotter.native-fallback {}
\`\`\`

</details>

<details><summary>All 8 checks</summary>

- pass \`kernel/version\`: Kernel is new enough
  - Linux 6.1.0-18-amd64
- pass \`userns/limits\`: Namespaces are not limited
- skip \`lsm/selinux\`: SELinux is not on here
- skip \`net/ports\`: not selected
- fail \`idmap/ranges\`
- fail \`userns/probe\`
- unknown \`storage/ownership\`
- warn \`snapshotter/selected\`

</details>

<details><summary>Environment of buildkitd</summary>

- \`HOME=/home/user1\` (passwd)
- \`PATH=/home/user1/bin:/usr/bin\` (process)

</details>
`);
});

test('host text cannot break out of a cell, a code span or a fence', () => {
  const hostile = '`</details>|\n```\n# READY <img src=x>';
  const [check] = everything.checks;
  if (check === undefined) throw new Error('no check');
  const text = markdown({
    ...everything,
    host: { ...everything.host, kernel: hostile },
    target: { ...everything.target, environment: { X: { value: hostile, source: 'option' } } },
    checks: [{ ...check, status: 'unknown', reason: hostile, tell: hostile }],
    treatments: [],
  });
  expect(text.replace(/^````sh$[\s\S]*?^````$/m, '')).not.toMatch(/^# /m);
  expect(text.split('\n').filter((line) => line.startsWith('| Host'))).toHaveLength(1);
  expect(text.match(/^<details>/gm)).toHaveLength(3);
  expect(text.match(/^<\/details>$/gm)).toHaveLength(3);
  expect(text).toContain('- ````X=`</details>|\\n```\\n# READY <img src=x>```` (option)');
});
