import type { Remedy } from './remedy.ts';

/** What is said of a unit of systemd as a service. */
export const SERVICE_REMEDIES = {
  'service.hides-failure': {
    why: 'With Type=simple systemd takes the process for the service: a start succeeds, and the failure comes later.',
    steps: {
      host: [
        'Write Type=notify and NotifyAccess=all below [Service]: systemctl edit buildkit.service (with --user for a unit of a user).',
      ],
    },
    tell: ['$ systemctl show buildkit.service --property=Type,NotifyAccess'],
  },
  'service.stop-fails': {
    why: 'buildkitd ends with exit code 1 when it is told to stop, which systemd takes for a failure; and processes that a stop leaves keep the lock of the state directory.',
    steps: {
      host: [
        'Write SuccessExitStatus=1 and KillMode=mixed below [Service], together with Type=notify: systemctl edit buildkit.service.',
      ],
    },
    tell: ['$ systemctl show buildkit.service --property=SuccessExitStatus,KillMode,Result'],
  },
  'service.restart': {
    why: 'Without Restart= a killed daemon stays away; with a pause longer than the limit of starts allows for, a broken one is started for ever.',
    steps: {
      host: [
        'Write Restart=always and RestartSec=2 below [Service], StartLimitIntervalSec=60 and StartLimitBurst=3 below [Unit]: systemctl edit buildkit.service.',
      ],
    },
  },
  'service.limits': {
    why: 'The daemon and every RUN step share the limits of the unit.',
    steps: {
      host: [
        'Write TasksMax=infinity, LimitNOFILE=infinity and Delegate=yes below [Service]: systemctl edit buildkit.service.',
      ],
    },
    tell: ['$ systemctl show buildkit.service --property=TasksMax,LimitNOFILE,Delegate'],
  },
  'service.path': {
    why: 'A service has the PATH of its unit and no other: programs in /usr/sbin and /sbin are not found without them.',
    steps: { host: ['Add :/usr/sbin:/sbin to Environment=PATH= of the unit: systemctl edit --full buildkit.service.'] },
    tell: ['$ systemctl show buildkit.service --property=Environment'],
  },
  'service.not-enabled': {
    why: 'Only what is enabled, for a target that its manager has, is started at a boot or login.',
    steps: {
      host: [
        '$ systemctl --user enable buildkit.service   # WantedBy=default.target',
        '$ sudo systemctl enable buildkit.service     # WantedBy=multi-user.target',
      ],
    },
    tell: ['$ systemctl is-enabled buildkit.service'],
  },
  'service.socket-mode': {
    why: 'Whoever reaches the socket of a buildkitd of root does on this host what root does.',
    steps: {
      host: [
        'Write SocketMode=0660 below [Socket]: systemctl edit buildkit.socket.',
        '$ sudo systemctl restart buildkit.socket',
      ],
    },
    tell: ['$ ls -l /run/buildkit/buildkitd.sock'],
  },
  'service.missing': {
    why: 'A buildkitd that is started by hand ends with the session or the boot, and nobody starts it again.',
    steps: { host: ['$ bk-doctor setup --dry-run', '$ bk-doctor setup'] },
  },
  'service.present': {
    why: 'A service that nobody wants any more still holds its socket and its state directory.',
    steps: { host: ['$ bk-doctor setup --remove --dry-run', '$ bk-doctor setup --remove'] },
  },
  'service.failed': {
    why: 'systemd gave the unit up; its journal has the last words of buildkitd.',
    steps: {
      host: [
        '$ journalctl --user --unit buildkit.service --boot --lines 50 | bk-doctor explain',
        '$ systemctl --user reset-failed buildkit.service',
        '$ systemctl --user start buildkit.service',
      ],
    },
    tell: ['$ systemctl --user show buildkit.service --property=Result,ExecMainStatus,NRestarts'],
  },
  'service.restart-loop': {
    why: 'Restart= starts what cannot work again and again, and the log grows.',
    steps: {
      host: [
        '$ journalctl --user --unit buildkit.service --boot --lines 50 | bk-doctor explain',
        'Mend the reason, or stop it meanwhile:',
        '$ systemctl --user stop buildkit.service',
      ],
    },
    tell: ['$ systemctl --user show buildkit.service --property=NRestarts,SubState'],
  },
  'service.not-running': {
    why: 'Clients find nobody at the address.',
    steps: { host: ['$ systemctl --user start buildkit.service', '$ sudo systemctl start buildkit.service'] },
    tell: ['$ systemctl --user is-active buildkit.service'],
  },
  'service.stale': {
    why: 'The daemon that runs still works by what it was started with.',
    steps: { host: ['$ systemctl --user daemon-reload', '$ systemctl --user restart buildkit.service'] },
  },
} as const satisfies { readonly [condition: string]: Remedy };
