import type { Scenario } from '../scenario.ts';

const ROOTFUL = { login: 'root', flags: ['--mode', 'rootful'] } as const;

/** Control groups, and root's own buildkitd. */
export const GROUPS: readonly Scenario[] = [
  {
    name: "root's own buildkitd",
    images: ['bookworm', 'trixie', 'bullseye'],
    short: true,
    run: async (stage) => {
      await stage.agrees('as it is', ROOTFUL);
      await stage.must(
        'install -m 755 /bin/false /usr/sbin/runc-hidden; chmod 0 /usr/sbin/runc /usr/bin/crun 2>/dev/null || chmod 0 /usr/bin/runc',
      );
      await stage.agrees('runc closed', ROOTFUL);
    },
  },
  {
    name: 'delegation of control groups',
    images: ['bookworm'],
    run: async (stage) => {
      await stage.must(`
        mkdir -p /etc/systemd/system/user@.service.d
        printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' >/etc/systemd/system/user@.service.d/delegate.conf
        systemctl daemon-reload; loginctl enable-linger alice; sleep 3`);
      await stage.agrees('all controllers');
      await stage.must(`
        printf '[Service]\\nDelegate=no\\n' >/etc/systemd/system/user@.service.d/delegate.conf
        systemctl daemon-reload; loginctl disable-linger alice; loginctl terminate-user alice; sleep 3`);
      await stage.agrees('none');
    },
  },
  {
    name: 'control groups of the first version',
    images: ['bookworm'],
    options: { append: 'systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1' },
    run: async (stage) => {
      await stage.agrees('alice');
      await stage.agrees("root's own", ROOTFUL);
    },
  },
];
