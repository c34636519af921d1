import { expect, test } from 'vitest';
import { maskJson } from '../../src/secrets/json.ts';
import { knownSecrets } from '../../src/secrets/known.ts';
import { kindOf, withoutSecretsOf } from '../../src/secrets/reading.ts';
import { maskCommandLine, maskEnviron, maskEnvironmentFile, maskUnit } from '../../src/secrets/unit.ts';
import { unmasked } from '../../src/text/secret-words.ts';

const nobody = (): void => {};

test.each([
  ['Environment=AWS_SECRET_ACCESS_KEY=hunter2', 'Environment=AWS_SECRET_ACCESS_KEY=***'],
  ['Environment="A=hunter2 x" B=hunter2 PATH=/usr/bin', 'Environment=A=*** B=*** PATH=/usr/bin'],
  ['Environment=A=1 \\\n  B=hunter2', 'Environment=A=*** B=*** \\\n'],
  ['Environment=HTTP_PROXY=http://u:hunter/2@p:1', 'Environment=HTTP_PROXY=***'],
  ['Environment=BUILDKIT_HOST=tcp://u:hunter2@h:1', 'Environment=BUILDKIT_HOST=tcp://***:***@h:1'],
  [
    'ExecStart=-/bin/buildkitd --token=hunter2 --registry-password hunter2 --debug',
    'ExecStart=-/bin/buildkitd --token=*** --registry-password *** --debug',
  ],
  [
    'ExecStart=/usr/bin/docker run -e A=hunter2 --env=B=hunter2 moby/buildkit',
    'ExecStart=/usr/bin/docker run -e A=*** --env=B=*** moby/buildkit',
  ],
  ["ExecStart=/bin/sh -c 'export X=hunter2; exec buildkitd'", 'ExecStart=/bin/sh -c "export X=***; exec buildkitd"'],
  ['ExecStart=/bin/buildkitd --addr tcp://u:hunter2@h:1', 'ExecStart=/bin/buildkitd --addr tcp://***:***@h:1'],
  [
    'Environment="OPTS=--root /srv/bk --token=hunter2" DIR=/srv/bk SOCK=unix:///run/bk.sock FD=fd://',
    'Environment="OPTS=--root /srv/bk --token=***" DIR=/srv/bk SOCK=unix:///run/bk.sock FD=fd://',
  ],
  ['Environment=MY_TOKEN=/srv/bk', 'Environment=MY_TOKEN=***'],
  ['SetCredential=tok:hunter2', 'SetCredential=***'],
  ['ExecStartPre=/bin/docker login -u AWS -p hunter2 r', 'ExecStartPre=/bin/docker login -u AWS -p *** r'],
  ['ExecStartPre=/bin/sshpass -p hunter2 ssh h', 'ExecStartPre=/bin/sshpass -p *** ssh h'],
  ['ExecStartPre=/bin/mysql -phunter2 -e x', 'ExecStartPre=/bin/mysql -p*** -e x'],
  ['ExecStartPre=/bin/say Hunter2Hunter2', 'ExecStartPre=/bin/say ***'],
  ['ExecStart=/bin/buildkitd --root /srv/Hunter2Hunter2', 'ExecStart=/bin/buildkitd --root /srv/Hunter2Hunter2'],
  ['ExecStart=/bin/buildkitd --addr tcp://h:1/?token=hunter2', 'ExecStart=/bin/buildkitd --addr tcp://h:1/?token=***'],
  ['Description=the one with hunter2', 'Description=***'],
  ['hunter2 by itself', '# ***'],
  ['# token hunter2', '# ***'],
])('%s', (line, after) => {
  expect(maskUnit(`[Service]\n${line}\n`, nobody)).toBe(`[Service]\n${after}\n`);
});

test('a unit without secrets is kept as it is', () => {
  const text =
    '[Unit]\n; a note\n[Service]\r\nEnvironment=PATH=/usr/bin "HOME=/home/a b"\nExecStart=/usr/bin/rootlesskit --net=slirp4netns --copy-up=/etc \\\n  buildkitd --tlskey /etc/key.pem --root %h/x\nNoNewPrivileges=no\nSystemCallFilter=@system-service\n';
  expect(maskUnit(text, nobody)).toBe(text);
});

test('files of variables, environments and command lines of processes', () => {
  expect(maskEnvironmentFile('A="hunter2\nsecond3line"\nPATH=/usr/bin\n', nobody)).toBe(
    'A=***\n# ***\nPATH=/usr/bin\n',
  );
  expect(maskEnviron('A=hunter2\0PATH=/bin\0container=lxc\0', nobody)).toBe('A=***\0PATH=/bin\0container=lxc\0');
  expect(maskCommandLine('x\0--password\0hunter2\0', nobody)).toBe('x\0--password\0***\0');
});

test.each([
  [
    '{"auths":{"r":{"auth":"aHVudGVyMg==","email":"a@b"}},"currentContext":"c"}',
    '{"auths":{"r":{"auth":"***","email":"***"}},"currentContext":"c"}',
  ],
  ['{"HttpHeaders":{"X-Meta":"hunter2"}}', '{"HttpHeaders":{"X-Meta":"***"}}'],
  [
    '{"Name":"b","Nodes":[{"Endpoint":"tcp://u:hunter2@h:1","DriverOpts":{"env.A":"hunter2"}}]}',
    '{"Name":"b","Nodes":[{"Endpoint":"tcp://***:***@h:1","DriverOpts":{"env.A":"***"}}]}',
  ],
  [
    '{"credHelpers":{"gcr.io":"gcloud"},"credsStore":"pass"}',
    '{"credHelpers":{"gcr.io":"gcloud"},"credsStore":"pass"}',
  ],
  ['{"credsStore":"tok3nValue","credHelpers":{"r.io":"x9y8z7"}}', '{"credsStore":"***","credHelpers":{"r.io":"***"}}'],
  ['{"a": hunter2, "pin": 12345}', '{"a": xxxxxxx, "pin": 1}'],
  ['{"a": "hunter2', '{"a": "xxxxxxx'],
])('%s', (text, after) => {
  expect(maskJson(text, nobody)).toBe(after);
});

test('JSON of any shape takes time that grows with its length alone', () => {
  for (const part of ['"\\"', '[', '{"a":', '"a",', ' ', 'x']) {
    const started = performance.now();
    maskJson(part.repeat(1_000_000 / part.length), nobody);
    expect(performance.now() - started, part).toBeLessThan(20_000);
  }
});

test('what was met is found again in what programs say, and words of everybody are not', () => {
  const { add, hide } = knownSecrets();
  for (const secret of ['hunter2"x', 'p@ss/word', '/etc/passwd', 'buildkit', 'abc', '12345']) add(secret);
  expect(hide('said hunter2"x, "hunter2\\"x", p%40ss%2Fword, cEBzcy93b3Jk and p@ss/word!')).toBe(
    'said ***, "***", ***, *** and ***!',
  );
  expect(hide('buildkit reads /etc/passwd at abc, 112345 bytes')).toBe(
    'buildkit reads /etc/passwd at abc, 112345 bytes',
  );
});

test('ten thousand secrets of a target cost no time in a long text', () => {
  const { add, hide } = knownSecrets();
  for (let index = 0; index < 10_000; index++) add(`aaaaa${index}`);
  const started = performance.now();
  hide('a'.repeat(1_000_000));
  expect(performance.now() - started).toBeLessThan(20_000);
});

test('an address gets back what was masked in the one that it was made of', () => {
  expect(unmasked('***:***@m.example/x', 'https://u:hunter2@m.example/x')).toBe('u:hunter2@m.example/x');
  expect(unmasked('***@m.example', 'https://m.example')).toBeNull();
  expect(unmasked('plain', 'https://u:p@m')).toBeNull();
});

test('lists of accounts, mounts and comments keep no password; a token of known form stands nowhere', () => {
  const told = (path: string, text: string): string =>
    withoutSecretsOf({ text, utf8: true, digest: '' }, kindOf(path), nobody).text;
  const hash = `$6$salt$${'h'.repeat(86)}`;
  expect(told('/etc/passwd', `a:${hash}:1:1:A B,pw hunter2,1:/home/a:/bin/sh\nb:x:2:2::/home/b:\nc:!:3:3:::\n`)).toBe(
    'a:***:1:1:A B,***,1:/home/a:/bin/sh\nb:x:2:2::/home/b:\nc:!:3:3:::\n',
  );
  expect(told('/etc/group', `g:${hash}:1:a\ndocker:x:999:a,b\n`)).toBe('g:***:1:a\ndocker:x:999:a,b\n');
  const subuid = 'a:100000:65536\nb:100000-165535:1\n # pass: hunter2\n';
  expect(told('/etc/subuid', subuid)).toBe(subuid.replace('hunter2', '***'));
  expect(told('/proc/self/mountinfo', '9 2 0:9 / /d rw - fuse.davfs https://u:hunter2@h/d rw\n')).toBe(
    '9 2 0:9 / /d rw - fuse.davfs https://***:***@h/d rw\n',
  );
  expect(told('/etc/sysctl.d/x.conf', '# password: hunter2\nkernel.x = 1\n')).toBe('# password: ***\nkernel.x = 1\n');
  const token = `ghp_${'a1B'.repeat(12)}`;
  for (const path of ['/etc/buildkit/buildkitd.toml', '/x/daemon.json', '/etc/systemd/system/x.service', '/etc/subuid'])
    expect(told(path, `root = "${token}"`), path).not.toContain(token);
  const key = 'root = """-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"""\ngc = 1\n';
  expect(told('/x.toml', key).split('\n').length).toBe(key.split('\n').length);
});
