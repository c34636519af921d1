import type { Scenario } from '../scenario.ts';

/** A profile for rootlesskit that allows everything but what is left out. */
const profile = (abi: string, ...rules: readonly string[]): string =>
  `cat >/etc/apparmor.d/usr.bin.rootlesskit <<'PROFILE'
${abi}
include <tunables/global>
profile rootlesskit /usr/bin/rootlesskit {
  ${[...rules, '/** rwlkmix', 'capability', 'network', 'signal', 'ptrace', 'unix', 'dbus', 'umount', 'pivot_root', 'change_profile'].join(',\n  ')},
}
PROFILE
apparmor_parser -r /etc/apparmor.d/usr.bin.rootlesskit`;
const ABI3 = 'abi <abi/3.0>,';
const ABI4 = 'abi <abi/4.0>,';

export const CONFINEMENT: readonly Scenario[] = [
  {
    name: 'AppArmor: a profile on rootlesskit',
    images: ['bookworm'],
    short: true,
    run: async (stage) => {
      await stage.must(profile(ABI3));
      await stage.agrees('without mount', { blames: 'apparmor.mount-denied' });
      await stage.must(profile(ABI3, 'mount', 'remount'));
      await stage.agrees('with mount');
    },
  },
  {
    name: 'AppArmor: namespaces of users, without the switch of Ubuntu',
    images: ['trixie'],
    short: true,
    run: async (stage) => {
      await stage.must(profile(ABI4, 'mount', 'remount'));
      await stage.agrees('without userns');
      await stage.must(profile(ABI4, 'mount', 'remount', 'userns'));
      await stage.agrees('with userns');
      await stage.must(`
        sed -i s,/usr/bin/rootlesskit,/usr/bin/newuidmap, /etc/apparmor.d/usr.bin.rootlesskit
        aa-status --json >/dev/null 2>&1 || true
        apparmor_parser -R /etc/apparmor.d/usr.bin.rootlesskit || true
        rm /etc/apparmor.d/usr.bin.rootlesskit`);
      await stage.agrees('no profile');
    },
  },
  {
    name: 'AppArmor: a profile for RUN steps',
    images: ['bookworm'],
    run: async (stage) => {
      await stage.must(`
        install -d -o alice -g alice /home/alice/.config /home/alice/.config/buildkit
        printf '[worker.oci]\\n  apparmor-profile = "no-such-profile"\\n' >/home/alice/.config/buildkit/buildkitd.toml`);
      await stage.agrees('that is not loaded');
    },
  },
  {
    name: 'SELinux: enforcing',
    images: ['selinux'],
    run: async (stage) => {
      const mode = await stage.must('getenforce');
      stage.holds('the mode', mode.trim(), mode.trim() === 'Enforcing');
      const died = await stage.as('ssh', 'bk-doctor --version');
      if (died.code !== 0) {
        const jitless = await stage.as('ssh', 'node --jitless "$(command -v bk-doctor)" --version');
        stage.holds('Node without memory that is executable', jitless.stdout.trim(), jitless.code === 0);
        await stage.must('setsebool allow_execmem on 2>/dev/null || setsebool selinuxuser_execmod on');
      }
      await stage.agrees('an unconfined user');
      await stage.must('setenforce 0');
      await stage.agrees('permissive');
    },
  },
  {
    name: 'SELinux: a confined user, a mislabelled cache',
    images: ['selinux'],
    run: async (stage) => {
      await stage.must('setsebool allow_execmem on 2>/dev/null || true');
      await stage.must('semanage login -a -s user_u alice 2>/dev/null || true; restorecon -R /home/alice');
      await stage.agrees('user_u');
      await stage.must(`
        semanage login -d alice 2>/dev/null || true
        install -d -o alice -g alice /home/alice/.local /home/alice/.local/share /home/alice/.local/share/buildkit
        chcon -t shadow_t /home/alice/.local/share/buildkit`);
      await stage.agrees('a cache with the label of shadow');
    },
  },
];
