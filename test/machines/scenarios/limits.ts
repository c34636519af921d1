import type { Scenario } from '../scenario.ts';

/** What a login is given by PAM, and what the kernel is told. */
export const LIMITS: readonly Scenario[] = [
  {
    name: 'no subordinate ids',
    images: ['bookworm', 'trixie', 'bullseye'],
    short: true,
    run: async (stage) => {
      await stage.must('sed -i /^alice:/d /etc/subuid /etc/subgid');
      await stage.agrees('none', { blames: 'idmap.subid-missing' });
      await stage.cures('none');
    },
  },
  {
    name: 'limits of PAM',
    images: ['bookworm'],
    run: async (stage) => {
      await stage.must(`echo 'alice hard nproc 8' >/etc/security/limits.d/alice.conf`);
      await stage.agrees('eight processes');
      await stage.must(`echo 'alice hard nofile 16' >/etc/security/limits.d/alice.conf`);
      await stage.agrees('sixteen files');
      await stage.must(`echo 'alice hard memlock 0' >/etc/security/limits.d/alice.conf`);
      await stage.agrees('no locked memory');
    },
  },
  {
    name: 'sysctls in files that compete',
    images: ['bookworm', 'trixie'],
    run: async (stage) => {
      await stage.must(`
        echo 'user.max_user_namespaces = 0' >/etc/sysctl.d/50-hard.conf
        echo 'user.max_user_namespaces = 1000' >/etc/sysctl.d/40-soft.conf
        sysctl -q --system`);
      await stage.agrees('none allowed');
      await stage.must('bk-doctor fix --yes --user alice');
      await stage.agrees('repaired');
      await stage.machine.reboot();
      await stage.agrees('repaired, after a reboot');
      const before = await stage.must('bk-doctor undo >&2; sysctl -n user.max_user_namespaces');
      stage.holds('undone', `user.max_user_namespaces = ${before.trim()}`, before.trim() === '0');
    },
  },
  {
    name: "Debian's switch",
    images: ['bookworm'],
    short: true,
    run: async (stage) => {
      await stage.must(`
        echo 'kernel.unprivileged_userns_clone = 0' >/etc/sysctl.d/99-hard.conf
        sysctl -q --system`);
      await stage.agrees('switched off');
      await stage.cures('switched off');
    },
  },
  {
    name: 'processes hidden',
    images: ['bookworm'],
    run: async (stage) => {
      await stage.must('mount -o remount,hidepid=2 /proc');
      await stage.agrees('hidepid=2');
      await stage.must(
        'mount -o remount,hidepid=0 /proc; mount -o remount,noexec /home || mount --bind /home /home; mount -o remount,bind,noexec,nosuid,nodev /home',
      );
      await stage.agrees('a home with noexec, nosuid and nodev');
    },
  },
];
