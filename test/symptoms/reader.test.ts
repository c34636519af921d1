import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conditionsIn, judgement, reading } from './reading.ts';

const LOCKED = 'could not lock /home/a/.local/share/buildkit/buildkitd.lock, another instance running?';
const ERROR = `buildkitd: ${LOCKED}`;

describe('the same words are found whatever surrounds them', () => {
  test.each([
    ['nothing', ERROR],
    ['Windows line ends', `first\r\n${ERROR}\r\nlast\r\n`],
    ['logfmt', `time="2025-01-01T00:00:00Z" level=error msg="${LOCKED}"`],
    ['a JSON log', JSON.stringify({ level: 'error', msg: ERROR, time: '2025-01-01T00:00:00Z' })],
    ['the journal as JSON', JSON.stringify({ _PID: '12', MESSAGE: `x\n${ERROR}\n`, PRIORITY: '3' })],
    ['the journal', `Nov 28 10:00:00 host buildkitd[77]: ${ERROR}`],
    ['kubectl', `[pod/buildkitd-0/buildkitd] 2025-01-01T00:00:00.123456789Z ${ERROR}`],
    ['Actions', `2025-01-01T00:00:00.1234567Z ##[error]${ERROR}`],
    ['GitLab sections', `section_start:1700000000:build\r\u001b[0K${ERROR}\nsection_end:1700000000:build\r\u001b[0K`],
    ['plain progress', `#4 0.123 ${ERROR}`],
    ['fancy progress', `\u001b[34m => => # ${ERROR}\u001b[0m\u001b[K`],
    ['colours within words', `buildkitd: could \u001b[31mnot\u001b[0m lock ${LOCKED.slice('could not lock '.length)}`],
    ['a title of a terminal', `\u001b]0;title\u0007${ERROR}`],
    ['carriage returns', `  10%\r  20%\r${ERROR}\r`],
    [
      'HTML',
      `&lt;pre&gt;buildkitd: ${LOCKED.replaceAll('/', '&#47;').replace('another', '&quot;another')}`.replaceAll(
        '&quot;',
        '',
      ),
    ],
    ['entities of entities', `buildkitd: ${LOCKED.replaceAll('/', '&amp;#47;')}`],
    [
      'tags of HTML',
      `<pre><b>buildkitd</b>: could <span class="x">not</span> lock ${LOCKED.slice('could not lock '.length)}</pre>`,
    ],
    ['movements to the right', ERROR.replaceAll(' ', '\u001b[1C')],
    ['blanks that do not break', ERROR.replaceAll(' ', '\u00a0')],
    ['a workflow command', `::error::first%0A${ERROR}%0Alast`],
    ['Buildkite', `\u001b_bk;t=1700000000000\u0007${ERROR}\r`],
    ['capitals', ERROR.toUpperCase()],
    ['quoting', `> > ${ERROR}`],
    ['prose', `Hallo, beim Start kam „${ERROR}“ – was tun?`],
    ['binary noise', `\u0000\u0001\ufffd\n\u0000${ERROR}\n\u0007`],
  ])('%s', (_name, log) => {
    expect(conditionsIn(log)[0]).toBe('daemon.state-dir-locked');
  });
});

test('a message that a terminal broke within a word, or between words, is one message', () => {
  const long = `error: failed to solve: rpc error: code = Unknown desc = failed to compute cache key: copy file range failed: no space left on device`;
  for (let at = 60; at < long.length - 1; at += 1) {
    expect(conditionsIn(`${long.slice(0, at)}\n${long.slice(at)}`)[0], `broken at ${at}`).toBe('storage.disk-full');
    if (long[at] === ' ')
      expect(conditionsIn(`${long.slice(0, at)}\n${long.slice(at + 1)}`)[0]).toBe('storage.disk-full');
  }
});

test('a broken message goes on behind the prefix of its next line', () => {
  const log =
    '2025-01-01T00:00:00.1Z Warning FailedCreate Error creating: pods "b-1" is forbidden: unable to validate aga\n2025-01-01T00:00:00.2Z  => => # inst any pod security policy: []';
  expect(conditionsIn(log)[0]).toBe('k8s.policy-forbidden');
});

test('what buildkitd was about to do stands below its error, and decides what the error means', () => {
  const directory = 'buildkitd: mkdir /srv/own: permission denied';
  const wrapped = `${directory}\nfailed to create /srv/own`;
  expect(conditionsIn(directory)[0]).toBe('socket.permission');
  expect(conditionsIn(wrapped)[0]).toBe('storage.permission');
  const journal = (text: string) => text.replace(/^/gm, 'Nov 28 10:00:00 host rootlesskit[77]: ');
  expect(conditionsIn(journal(wrapped))[0]).toBe('storage.permission');
  expect(conditionsIn(`${directory}\n[rootlesskit:child ] error: command [buildkitd] exited`)[0]).toBe(
    'socket.permission',
  );
});

test('a map of ids that fills a page means something else than a short one', () => {
  const map = (ranges: number) =>
    `[rootlesskit:parent] error: failed to setup UID/GID map: newuidmap 307 [0 1000 1${' 700300 200 300'.repeat(ranges)}] failed: newuidmap: write to uid_map failed: Invalid argument`;
  expect(conditionsIn(map(2))[0]).toBe('idmap.subid-overlap');
  expect(conditionsIn(map(300))[0]).toBe('idmap.subid-invalid');
});

test('what one text decides, another leaves open no more', () => {
  const error =
    '[rootlesskit:parent] error: failed to start the child: fork/exec /proc/self/exe: no space left on device';
  const warning = 'level=warning msg="/proc/sys/user/max_user_namespaces needs to be set to non-zero."';
  expect(conditionsIn(error)).toEqual([
    'userns.max-user-namespaces-zero',
    'userns.max-other-zero',
    'idmap.nested-userns',
  ]);
  expect(conditionsIn(`${warning}\n${error}`)).toEqual(['userns.max-user-namespaces-zero']);
});

test('a builder that does not start says so as the output of a step; a program in a step says nothing of the host', () => {
  const words = 'failed to start daemon: Error initializing network controller: failed to create NAT chain DOCKER';
  expect(
    conditionsIn(`#1 [internal] booting buildkit\n#1 3.021 time="2026-01-01T00:00:00Z" level=error msg="${words}"`),
  ).toContain('net.iptables-modules-missing');
  expect(conditionsIn(`#7 [2/3] RUN dockerd\n#7 3.021 ${words}`)).toEqual([]);
});

test('lines are counted as an editor counts them', () => {
  const { sightings, lines } = reading(`one\rstill one\ntwo\r\n${ERROR}\nfour`);
  expect(sightings.map(({ line }) => line)).toContain(3);
  expect(lines).toBe(4);
  expect(reading('').lines).toBe(0);
});

test('pieces do not matter', () => {
  const text = Array.from({ length: 300 }, (_none, at) => (at % 50 === 7 ? ERROR : `line ${at} of nothing`)).join('\n');
  const whole = reading(text);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: text.length }), { maxLength: 20 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      const found = reading(...at.slice(1).map((end, index) => text.slice(at[index], end)));
      expect(found.sightings.map(({ line, excerpt }) => [line, excerpt])).toEqual(
        whole.sightings.map(({ line, excerpt }) => [line, excerpt]),
      );
      expect(found.lines).toBe(whole.lines);
    }),
    { numRuns: 50 },
  );
});

test('any bytes are survived', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 4 }), (pieces) => {
      expect(reading(...pieces).lines).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('a line without an end is read, and what stands in it is found', () => {
  const piece = Buffer.alloc(1024 * 1024, 'x y ');
  const pieces = [...Array.from({ length: 12 }, () => piece), Buffer.from(` ${ERROR} `), piece];
  const { sightings, lines } = reading(...pieces);
  expect(sightings.map(({ line }) => line)).toContain(1);
  expect(lines).toBe(1);
  expect(Math.max(...sightings.map(({ excerpt }) => excerpt.length))).toBeLessThan(500);
});

test('a word is found wherever a line without an end is cut', () => {
  for (let behind = 960; behind < 1120; behind += 7) {
    const log = `first\n${'x y '.repeat(50_000)}${ERROR}${'z'.repeat(behind)}`;
    const { sightings, lines } = reading(log.slice(0, 100_000), log.slice(100_000), '\nlast');
    const found = sightings.filter(({ subject }) => subject.symptom?.means.includes('daemon.state-dir-locked'));
    expect([...new Set(found.map(({ line }) => line))], `${behind} behind it`).toEqual([2]);
    expect(lines).toBe(3);
  }
});

describe('root cause before consequence', () => {
  test('the earliest decisive line, not the last words', () => {
    const { causes } = judgement(
      [
        'could not connect to unix:///run/user/1000/buildkit/buildkitd.sock after 10 trials',
        '========== log ==========',
        '[rootlesskit:parent] error: failed to setup UID/GID map: failed to compute uid/gid map: No subuid ranges found for user 1000 ("user")',
        '[rootlesskit:child ] error: parsing message from fd 3: EOF',
        'error: failed to list workers: Unavailable: connection error: desc = "transport: error while dialing: dial unix /run/user/1000/buildkit/buildkitd.sock: connect: no such file or directory"',
      ].join('\n'),
    );
    expect(causes[0]).toMatchObject({ condition: 'idmap.subid-missing', confidence: 'certain', line: 3 });
  });

  test('what failed at the level of debugging, a program went on without', () => {
    const found = conditionsIn(
      [
        'DEBU[0000] subid-source:dynamic: failed to get subuids by the UID 1001  error="exit status 1"',
        '[rootlesskit:parent] error: failed to setup UID/GID map: newuidmap 9 [0 1001 1 1 100000 65536] failed: newuidmap: write to uid_map failed: Operation not permitted',
      ].join('\n'),
    );
    expect(found[0]).toBe('idmap.newuidmap-not-setuid');
    expect(found).not.toContain('idmap.subid-missing');
    expect(conditionsIn('level=debug msg="write /x: no space left on device"')[0]).toBe('storage.disk-full');
  });

  test('independent problems are kept apart', () => {
    const found = conditionsIn(
      'buildkitd: open /home/a/.local/share/buildkit/buildkitd.lock: read-only file system\nRelease file for x is not valid yet\n',
    );
    expect(found).toEqual(expect.arrayContaining(['storage.read-only', 'clock.skew']));
  });

  test('what no words can tell apart is offered in order, likeliest first', () => {
    const { causes } = judgement('unshare: unshare failed: Operation not permitted');
    expect(causes.map(({ condition, confidence }) => [condition, confidence])).toEqual([
      ['userns.blocked-unspecified', 'possible'],
      ['userns.unprivileged-clone-disabled', 'possible'],
      ['userns.apparmor-restricted', 'possible'],
      ['seccomp.blocked', 'possible'],
    ]);
  });
});

describe('who says it and where', () => {
  test.each([
    [
      'a step that may not make a directory of its own',
      "#5 0.2 mkdir: cannot create directory '/srv': Permission denied",
      [],
    ],
    [
      'a daemon that may not make its directory',
      'buildkitd: mkdir /home/a/.local/share/buildkit: permission denied',
      ['storage.permission'],
    ],
    ['keys, not the disk', 'create session key: disk quota exceeded', ['limits.keyring-quota']],
    ['the disk, not keys', 'write /var/lib/x: disk quota exceeded', ['storage.quota-exceeded']],
    ['watches, not the disk', "ENOSPC: no space left on device, watch '/src'", ['limits.inotify']],
    [
      'a certificate in a step',
      '#5 0.2 curl: (60) SSL certificate problem: unable to get local issuer certificate',
      ['tls.build-ca-untrusted'],
    ],
  ])('%s', (_name, log, expected) => {
    expect(conditionsIn(log).slice(0, 1)).toEqual(expected);
  });
});
