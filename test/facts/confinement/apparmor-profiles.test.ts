import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesAttachment, parseProfiles } from '../../../src/facts/confinement/apparmor-profiles.ts';
import { parseGetcap } from '../../../src/facts/start/idmap-helpers.ts';

/** As Ubuntu and Debian ship them. */
const ROOTLESSKIT = `# This profile allows everything and only exists to give the
# application a name instead of having the label "unconfined"

abi <abi/4.0>,
include <tunables/global>

profile rootlesskit /usr/bin/rootlesskit flags=(unconfined) {
  userns,

  # Site-specific additions and overrides. See local/README for details.
  include if exists <local/rootlesskit>
}
`;
const PODMAN = `abi <abi/4.0>,
include <tunables/global>

profile podman /usr/{bin,local/bin}/podman flags=(unconfined) {
  userns,
  include if exists <local/podman>
}
`;

describe('profiles', () => {
  test('the one of the package', () => {
    expect(parseProfiles(ROOTLESSKIT)).toEqual([
      {
        name: 'rootlesskit',
        attachment: '/usr/bin/rootlesskit',
        flags: ['unconfined'],
        allowsUserns: true,
        allowsMount: false,
        line: 7,
        includes: ['local/rootlesskit'],
      },
    ]);
  });
  test('alternatives in the path', () => {
    const [profile] = parseProfiles(PODMAN);
    expect(profile?.attachment).toBe('/usr/{bin,local/bin}/podman');
    for (const path of ['/usr/bin/podman', '/usr/local/bin/podman'])
      expect(matchesAttachment(profile?.attachment ?? '', path)).toBe(true);
    expect(matchesAttachment(profile?.attachment ?? '', '/opt/podman')).toBe(false);
  });
  test('a path as the name, flags of any kind, children within', () => {
    const text =
      '/usr/sbin/x (attach_disconnected,complain) {\n  capability sys_admin,\n  profile child {\n    userns,\n  }\n  @{PROC}/{a,b}/** r,\n}\nprofile "two words" "/opt/a b/c" {\n  allow all,\n}\n';
    expect(parseProfiles(text)).toMatchObject([
      { name: '/usr/sbin/x', attachment: '/usr/sbin/x', flags: ['attach_disconnected', 'complain'] },
      { name: 'two words', attachment: '/opt/a b/c', allowsUserns: true },
    ]);
  });
  test('variables of the file and the usual ones', () => {
    const [own] = parseProfiles('@{exe} = /opt/one/rk /opt/two/rk\nprofile rk @{exe} {\n  userns create,\n}\n');
    expect(own?.allowsUserns).toBe(true);
    expect(matchesAttachment(own?.attachment ?? '', '/opt/two/rk')).toBe(true);
    const [bin] = parseProfiles('profile rk @{bin}/rootlesskit {\n userns,\n}\n');
    for (const path of ['/usr/bin/rootlesskit', '/bin/rootlesskit', '/usr/sbin/rootlesskit'])
      expect(matchesAttachment(bin?.attachment ?? '', path)).toBe(true);
    const [home] = parseProfiles('profile rk @{HOME}/bin/rootlesskit {\n userns,\n}\n');
    expect(matchesAttachment(home?.attachment ?? '', '/home/alice/bin/rootlesskit')).toBe(true);
  });
  test('a rule in a comment, and one that denies, are none', () => {
    expect(
      parseProfiles('profile a /a {\n  # userns,\n}\nprofile b /b {\n  deny userns,\n}\n').map(
        ({ allowsUserns }) => allowsUserns,
      ),
    ).toEqual([false, false]);
  });
  test('any text is taken', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, path) => {
        parseProfiles(text);
        expect(typeof matchesAttachment(text, path)).toBe('boolean');
      }),
    );
  });
});

describe('attachments', () => {
  test.each([
    ['/usr/*/x', '/usr/bin/x', true],
    ['/usr/*/x', '/usr/a/b/x', false],
    ['/usr/**/x', '/usr/a/b/x', true],
    ['/usr/b?n/x', '/usr/bin/x', true],
    ['/usr/[ab]in/x', '/usr/bin/x', true],
    ['/usr/{,local/}bin/x', '/usr/bin/x', true],
    ['/usr/{,local/}bin/x', '/usr/local/bin/x', true],
    ['/a.b', '/aXb', false],
    ['/a\\*b', '/a*b', true],
    ['/a\\*b', '/aab', false],
    ['/a{b', '/ab', false],
    ['/a,b', '/a,b', true],
  ])('%s and %s: %s', (pattern, path, matches) => expect(matchesAttachment(pattern, path)).toBe(matches));
});

describe('getcap', () => {
  const P = '/usr/bin/newuidmap';
  test.each([
    [`${P} cap_setuid=ep\n`, ['cap_setuid'], ['cap_setuid'], null],
    [`${P} = cap_setuid+ep\n`, ['cap_setuid'], ['cap_setuid'], null],
    [`${P} cap_setuid,cap_setgid=eip\n`, ['cap_setuid', 'cap_setgid'], ['cap_setuid', 'cap_setgid'], null],
    [`${P} cap_chown=p cap_setuid=ep\n`, ['cap_setuid'], ['cap_chown', 'cap_setuid'], null],
    [`${P} cap_setuid=p cap_setuid+e\n`, ['cap_setuid'], ['cap_setuid'], null],
    [`${P} cap_setuid+ep-e\n`, [], ['cap_setuid'], null],
    [`${P} cap_setuid=i\n`, [], [], null],
    [`${P} =ep\n`, ['all'], ['all'], null],
    [`${P} cap_setuid=ep [rootid=1000]\n`, ['cap_setuid'], ['cap_setuid'], 1000],
  ])('%j', (output, effective, permitted, rootId) =>
    expect(parseGetcap(output, P)).toMatchObject({ effective, permitted, rootId }),
  );
  test('nothing, and another file', () => {
    expect(parseGetcap('', P)).toBeNull();
    expect(parseGetcap('/usr/bin/ping cap_net_raw=ep\n', P)).toBeNull();
  });
  test('any text is taken', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseGetcap(`${P} ${text}`, P)));
  });
});
