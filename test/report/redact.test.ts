import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/say.ts';
import { type Names, namesOf } from '../../src/names/names.ts';
import { LEFT_OUT, onceEach, redact, withoutSecrets } from '../../src/report/redact.ts';
import { knownSecrets } from '../../src/secrets/known.ts';
import { maskText } from '../../src/secrets/text.ts';
import { everything } from './everything.ts';

const [sample] = everything.checks;

/** What becomes of one message of a report about alice, on a host with these names. */
function shown(
  message: string,
  names: Names = namesOf(),
  evidence: Report['checks'][0]['problems'][0]['evidence'] = {},
) {
  if (sample === undefined) throw new Error('no check');
  const problem = {
    condition: 'idmap.subid-missing',
    severity: 'error',
    subject: 'alice',
    message,
    evidence,
  } as const;
  const report: Report = {
    ...everything,
    treatments: [],
    checks: [{ ...sample, status: 'fail', problems: [problem] }],
  };
  return redact(report, names).checks[0]?.problems[0];
}

describe('redact', () => {
  test.each([
    ['alice has no line', 'user1 has no line'],
    ['"alice": malice in /etc/sudoers.d/alice.', '"user1": malice in /etc/sudoers.d/user1.'],
    ['alice:100000:65536', 'user1:100000:65536'],
    ['/home/alice/x and /home/alice-old/x and /home/bob', '/home/user1/x and /home/user2/x and /home/user3'],
    [
      'root and buildkitd listen on 127.0.0.1, 0.0.0.0 and [::1]:1234',
      'root and buildkitd listen on 127.0.0.1, 0.0.0.0 and [::1]:1234',
    ],
    ['10.1.2.3:80 and 10.1.2.3 and 2001:db8:5::7', '192.0.2.2:80 and 192.0.2.2 and 2001:db8::1'],
    [
      'Linux 5.15.153.1-microsoft-standard-WSL2 at 12:30:45, map 0:1001:1',
      'Linux 5.15.153.1-microsoft-standard-WSL2 at 12:30:45, map 0:1001:1',
    ],
    [
      'https://u:p@mirror.corp.example/v2 but https://ghcr.io/x',
      'https://u:p@registry1.example/v2 but https://ghcr.io/x',
    ],
    [
      'see https://github.com/moby/buildkit and https://docs.docker.com/x, not https://github.com.evil.example/',
      'see https://github.com/moby/buildkit and https://docs.docker.com/x, not https://host1.example/',
    ],
    ['tcp://build7.corp.example:1234', 'tcp://host1.example:1234'],
    ['the kernel of tower, tower2 and tower.lan', 'the kernel of host1, tower2 and host2.example'],
    ['carol overlaps', 'user2 overlaps'],
    ['bob-laptop, x_carol.txt and carol@git.corp.example', 'bob-laptop, x_user2.txt and user2@host1.example'],
    ['lookup nexus on 10.0.0.2:53: no such host', 'lookup registry1 on 192.0.2.2:53: no such host'],
    [
      'Used by systemd --user instances: systemctl --user restart buildkit',
      'Used by systemd --user instances: systemctl --user restart buildkit',
    ],
    ['eth0 has 52:54:00:12:34:56', 'eth0 has 02:00:00:00:00:01'],
    ['Nov 28 13:00:01 tower9 buildkitd[12]: failed', 'Nov 28 13:00:01 host1 buildkitd[12]: failed'],
    ['sent "Y2Fyb2w6c2hlIGlzIGhlcmU=" and Y2Fyb2wgaGVyZQ', 'sent "***" and ***'],
    ['said \\u0063arol and %63arol', 'said *** and ***'],
    ['dial tcp 2a01:4f8:1:2:3:4:5:6: i/o', 'dial tcp 2001:db8::1: i/o'],
    ['--add-host x:10.1.2.3 and ::ffff:10.1.2.3', '--add-host x:192.0.2.2 and ::ffff:192.0.2.2'],
    [
      'port 0242.ac16.0039 of S-1-5-21-123456789-22-333-1103',
      'port 02:00:00:00:00:01 of 0-0-0-00-000000000-00-000-0001',
    ],
    ['arn:aws:iam::123456789012:user/dora', 'arn:aws:iam::000000000001:user/user2'],
    ['pods/builder-7f9-x of i-0123456789abcdef0', 'pods/host1 of 0-00000000000000001'],
    ['sudo -u dora x; su - emil -c y; chown fay:gus z', 'sudo -u user2 x; su - user3 -c y; chown user4:user5 z'],
    ['C:\\Users\\dora\\x and user=emil for user fay: no', 'C:\\Users\\user2\\x and user=user3 for user user4: no'],
    [
      '/srv/quux/cache.db and /home/alice/work/frobnitz/buildkit',
      '/srv/folder1/cache.db and /home/user1/work/folder2/buildkit',
    ],
    ['/proc/sys/net/ipv4/x and /usr/lib/systemd/quux', '/proc/sys/net/ipv4/x and /usr/lib/systemd/quux'],
    [
      `/docker/${'ab'.repeat(32)} and sha256:${'cd'.repeat(32)}`,
      `/docker/${'0'.repeat(63)}1 and sha256:${'cd'.repeat(32)}`,
    ],
    [
      '/dev/mapper/vg_acme-root and /dev/mapper/ubuntu--vg-ubuntu--lv',
      '/dev/mapper/folder1-root and /dev/mapper/ubuntu--vg-ubuntu--lv',
    ],
    ['user 1001 (\\"dave\\") and uid=1002(erin)', 'user 1001 (\\"user2\\") and uid=1002(user3)'],
  ])('%s', (before, after) => {
    const names = namesOf();
    names.learnFiles({ subids: 'carol:1:2\nroot:3:4', hostnames: ['tower', 'localhost'] });
    expect(shown(before, names)?.message).toBe(after);
  });

  test('the vocabulary stays, subjects and evidence do not', () => {
    const problem = shown('m', namesOf(), {
      user: 'dave',
      path: '/home/alice/x',
      owners: { 'alice:alice': 3 },
      registry: 'hub.corp',
    });
    expect(problem).toEqual({
      condition: 'idmap.subid-missing',
      severity: 'error',
      subject: 'user1',
      message: 'm',
      evidence: { user: 'user2', path: '/home/user1/x', owners: { 'user1:user1': 3 }, registry: 'registry1.example' },
    });
  });

  test('one name for one thing through the whole report, and another time', () => {
    const names = namesOf();
    names.learnFiles({ subids: 'bob:1:2' });
    const text = JSON.stringify(redact({ ...everything, host: { ...everything.host, container: 'of bob' } }, names));
    expect(text).not.toMatch(/alice|bob|192\.0\.2\.7/);
    expect(text).toContain('/home/user1/.local/share/buildkit');
    expect(JSON.parse(text)).toMatchObject({
      schema: 1,
      verdict: { level: 'not-ready', reasons: everything.verdict.reasons },
      target: { uid: 1001 },
    });
    expect(names.isIn(text)).toBeNull();
    const later = namesOf(names.entries());
    expect(shown('bob, then zoe', later, { user: 'zoe' })?.message).toBe('user2, then user3');
  });

  test('an account that is called like a stand-in has another one', () => {
    expect(shown('user1 and alice', namesOf(), { user: 'user1' })?.message).toMatch(/^user[23] and user[23]$/);
  });

  test('a name that is a word is replaced only where a name stands', () => {
    const names = namesOf();
    names.learnFiles({ passwd: 'will:x:1000:1000:Will Turner,,,:/home/will:/bin/sh\nbuild:x:1001:1001::/home/build:' });
    const message =
      'buildkitd will not start: user "will" and will:100000:65536 in /home/will/x; the build of build, says Turner';
    expect(shown(message, names)?.message).toBe(
      'buildkitd will not start: user "user2" and user2:100000:65536 in /home/user2/x; the build of build, says Person1',
    );
  });

  test('names of every form', () => {
    const names = namesOf();
    names.learnFiles({
      passwd:
        'jürgen.groß:x:1000:1000:Jürgen Groß,Zimmer 12,+49 30 123456:/srv/acme-corp/jürgen.groß:/bin/sh\n' +
        'CORP\\mona:x:1001:1001::/home/CORP/mona:/bin/sh\nano:x:1002:1002::/home/ano:\nu.d@corp.example:x:1003:1003::/home/corp.example/u.d:\n' +
        'acme-deploy:x:450:450::/var/lib/acme-deploy:/bin/sh',
      group: 'acme-devs:x:2000:ano,zoë\ndocker:x:999:ano',
      hosts: '127.0.1.1 tower.corp.example tower\n10.9.8.7 db1.corp.example db1',
      resolv: 'search corp.example lab.corp.example\nnameserver 10.9.8.1',
      ids: ['0123456789abcdef0123456789abcdef'],
    });
    const text =
      'jürgen.groß Jürgen Groß +49 30 123456 acme-corp CORP\\mona ano ano-x u.d@corp.example acme-deploy acme-devs zoë ' +
      'tower db1 tower.corp.example lab.corp.example 10.9.8.7 0123456789abcdef0123456789abcdef j%C3%BCrgen.gro%C3%9F';
    const hidden = shown(text, names)?.message ?? '';
    expect(hidden).not.toMatch(
      /rgen|groß|49 30|acme|mona|\bano\b|u\.d|corp|zo|tower|db1|lab|9\.8|0123456789abcdef|CORP/i,
    );
    expect(names.isIn(hidden)).toBeNull();
    expect(hidden).toContain('user2');
  });
});

describe('secrets', () => {
  test('are masked in every format, and nothing else is changed', () => {
    expect(withoutSecrets(everything)).toEqual(everything);
  });
  test('that a host had elsewhere are hidden in all that is told', () => {
    if (sample === undefined) throw new Error('no check');
    const step = {
      do: 'owner',
      as: 'root',
      path: '/srv/weak22',
      from: { uid: 0, gid: 0 },
      to: { uid: 1, gid: 1 },
    } as const;
    const report: Report = {
      ...everything,
      checks: [
        {
          ...sample,
          problems: [
            {
              condition: 'config.unknown-key',
              severity: 'error',
              subject: 's',
              message: 'it said Hunter-22 and weak22',
              evidence: { log: 'Hunter-22' },
            },
          ],
          fixes: [{ for: [0], risk: 'safe', needs: 'root', diff: '+ Hunter-22\n', steps: [step] }],
        },
      ],
    };
    const secrets = knownSecrets();
    secrets.add('Hunter-22');
    secrets.add('weak22', true);
    const [check] = withoutSecrets(report, secrets).checks;
    expect(check?.problems[0]).toMatchObject({ message: 'it said *** and ***', evidence: { log: '***' } });
    expect(check?.fixes[0]).toMatchObject({ diff: '+ ***\n', steps: [step] });
  });
});

test('a word of the vocabulary with a name in it is left out, and costs the report nothing else', () => {
  const names = namesOf();
  expect(shown('fine', names, { snapshotter: 'x/home/bob', other: 'kept' })).toMatchObject({
    message: 'fine',
    evidence: { snapshotter: 'x/home/user2', other: 'kept' },
  });
  const report = redact({ ...everything, verdict: { ...everything.verdict, snapshotter: 'x/home/bob' } }, names);
  expect(report.verdict.snapshotter).toBe(LEFT_OUT);
  expect(report.checks).toHaveLength(everything.checks.length);
});

test('a text that is said twice is masked twice', () => {
  const mask = onceEach((text) => maskText(text));
  for (const text of ['password=hunter2hunter2', 'no secret', 'password=hunter2hunter2'])
    expect(mask(text)).toBe(maskText(text));
  expect(withoutSecrets({ message: 'password=hunter2hunter2' }, undefined, mask).message).not.toContain('hunter2');
});
