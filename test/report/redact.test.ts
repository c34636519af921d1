import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/say.ts';
import { LEFT_OUT, type Private, redact, withoutSecrets } from '../../src/report/redact.ts';
import { everything } from './everything.ts';

const NOBODY: Private = { users: [], homes: [], hosts: [] };
const [sample] = everything.checks;

/** What becomes of one message of a report about alice. */
function shown(
  message: string,
  known: Partial<typeof NOBODY> = {},
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
  return redact(report, { ...NOBODY, ...known }).report.checks[0]?.problems[0];
}

describe('redact', () => {
  test.each([
    ['alice has no line', '<user1> has no line'],
    ['"alice": malice in /etc/sudoers.d/alice.', '"<user1>": malice in /etc/sudoers.d/<user1>.'],
    ['alice:100000:65536', '<user1>:100000:65536'],
    ['/home/alice/x and /home/alice-old/x and /home/bob', '<home1>/x and <home2>/x and <home3>'],
    [
      'root and buildkitd listen on 127.0.0.1, 0.0.0.0 and [::1]:1234',
      'root and buildkitd listen on 127.0.0.1, 0.0.0.0 and [::1]:1234',
    ],
    ['10.1.2.3:80 and 10.1.2.3 and 2001:db8::7', '<ip2>:80 and <ip2> and <ip3>'],
    [
      'Linux 5.15.153.1-microsoft-standard-WSL2 at 12:30:45, map 0:1001:1',
      'Linux 5.15.153.1-microsoft-standard-WSL2 at 12:30:45, map 0:1001:1',
    ],
    ['https://u:p@mirror.corp.example/v2 but https://ghcr.io/x', 'https://***:***@<host2>/v2 but https://ghcr.io/x'],
    [
      'see https://github.com/moby/buildkit and https://docs.docker.com/x, not https://github.com.evil.example/',
      'see https://github.com/moby/buildkit and https://docs.docker.com/x, not https://<host2>/',
    ],
    ['tcp://build7.corp.example:1234', 'tcp://<host2>:1234'],
    ['the kernel of tower, tower2 and tower.lan', 'the kernel of <host1>, tower2 and <host1>.lan'],
    ['carol overlaps', '<user2> overlaps'],
  ])('%s', (before, after) => {
    expect(shown(before, { users: ['carol', 'root'], hosts: ['tower', 'localhost'] })?.message).toBe(after);
  });

  test('the vocabulary stays, subjects and evidence do not', () => {
    const problem = shown(
      'm',
      {},
      { user: 'dave', path: '/home/alice/x', owners: { 'alice:alice': 3 }, registry: 'hub.corp' },
    );
    expect(problem).toEqual({
      condition: 'idmap.subid-missing',
      severity: 'error',
      subject: '<user1>',
      message: 'm',
      evidence: { user: '<user2>', path: '<home1>/x', owners: { '<user1>:<user1>': 3 }, registry: '<host1>' },
    });
  });

  test('one name for one thing through the whole report', () => {
    const text = JSON.stringify(redact(everything, { users: ['bob'], homes: [], hosts: [] }).report);
    expect(text).not.toMatch(/alice|bob|\/home\/|192\.0\.2\.7/);
    expect(text).toContain('<home1>/.local/share/buildkit');
    expect(JSON.parse(text)).toMatchObject({
      schema: 1,
      verdict: { level: 'not-ready', reasons: everything.verdict.reasons },
      target: { uid: 1001 },
    });
  });
});

describe('secrets', () => {
  test('are masked in every format, and nothing else is changed', () => {
    expect(withoutSecrets(everything)).toEqual(everything);
  });
  test('that a host had elsewhere are hidden in what is told, and not in what is done', () => {
    const [sample] = everything.checks;
    if (sample === undefined) throw new Error('no check');
    const step = {
      do: 'owner',
      as: 'root',
      path: '/srv/hunter22',
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
              message: 'it said hunter22',
              evidence: { log: 'hunter22' },
            },
          ],
          fixes: [{ for: [0], risk: 'safe', needs: 'root', diff: null, steps: [step] }],
        },
      ],
    };
    const [check] = withoutSecrets(report, (text) => text.replaceAll('hunter22', '***')).checks;
    expect(check?.problems[0]).toMatchObject({ message: 'it said ***', evidence: { log: '***' } });
    expect(check?.fixes[0]?.steps).toEqual([step]);
  });
});

describe('a text that resists', () => {
  test.each([
    ['x/home/bob', 'x<home2>'],
    ['/srv/x/home/bob/cache and /export/home/dave', '/srv/x<home2>/cache and /export<home3>'],
    ['unix:///data/home/bob/s.sock', 'unix:///data<home2>/s.sock'],
  ])('%s has a home in its middle', (before, after) => {
    expect(shown(before)?.message).toBe(after);
  });

  test('is left out, and costs the report nothing else', () => {
    const evidence = { snapshotter: 'x/home/bob', other: 'kept' };
    expect(shown('fine', {}, evidence)).toMatchObject({ message: 'fine', evidence: { other: 'kept' } });
    const report = redact(
      { ...everything, verdict: { ...everything.verdict, snapshotter: 'x/home/bob' } },
      NOBODY,
    ).report;
    expect(report.verdict.snapshotter).toBe(LEFT_OUT);
    expect(report.checks).toHaveLength(everything.checks.length);
  });
});
