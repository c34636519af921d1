import type { Symptom } from './symptom.ts';

/** What systemd says of a unit that it does not start, or of what stands around the start. */
export const SERVICES: readonly Symptom[] = [
  {
    by: 'systemd, systemctl',
    says: [
      'unit {buildkit|docker|containerd}#.service is masked',
      '{buildkit|docker|containerd}#.service: {unit configuration has fatal error|refusing}*',
      '{buildkit|docker|containerd}#.service has {a bad unit file setting|no execstart}*',
      'unit {docker|containerd}#.service not found',
      'unit {docker|containerd}#.service could not be found',
      '{buildkit|docker|containerd}#.service*was skipped because of {an unmet condition|a failed condition}',
      'condition check resulted in *{buildkit|docker|containerd}*being skipped',
    ],
    means: ['service.refused'],
    weight: 2,
  },
  {
    by: 'systemd',
    says: [
      '{buildkit|rootlesskit}#.service: failed at step {chdir|user|group|namespace|capabilities|seccomp|cgroup|runtime_directory|state_directory|apparmor_profile|keyring|limits|chroot|network} spawning',
    ],
    means: ['service.start-fails'],
  },
  {
    by: 'systemd',
    says: [
      '{buildkit|rootlesskit}#.service: failed to {determine user credentials|load environment files|set up mount namespacing|spawn}*',
      '{buildkit|rootlesskit}#.service: {changing to the requested working directory failed|control process exited}*',
      'dependency failed for *buildkit*',
    ],
    means: ['service.start-fails'],
    weight: 2,
  },
  {
    by: 'systemd',
    says: [
      '{buildkit|rootlesskit}#.service: start operation timed out',
      '{buildkit|rootlesskit}#.service: *reception only permitted for',
      "{buildkit|rootlesskit}#.service: failed with result 'protocol'",
    ],
    means: ['service.not-notified', 'daemon.start-timeout'],
    weight: 2,
  },
  {
    by: 'systemctl',
    says: ['unit buildkit#.service {not found|could not be found}'],
    means: ['service.missing', 'service.refused'],
    weight: 2,
  },
  {
    by: 'systemd',
    says: [
      "{buildkit|rootlesskit}#.service: state 'stop-sigterm' timed out. killing",
      '{buildkit|rootlesskit}#.service: found left-over process # (',
      '{buildkit|rootlesskit}#.service: unit process # (#) remains running after unit stopped',
    ],
    means: ['service.stop-fails'],
    weight: 1,
  },
  {
    by: 'systemctl',
    says: ['source configuration file or drop-ins of {buildkit|rootlesskit}#.service changed on disk'],
    means: ['service.stale'],
    weight: 1,
  },
  {
    by: 'systemd',
    says: [
      '{buildkit|rootlesskit}#.service: start request repeated too quickly',
      "{buildkit|rootlesskit}#.service: failed with result 'start-limit-hit'",
    ],
    means: ['service.restart-loop', 'service.failed'],
    weight: 1,
  },
  {
    by: 'systemd',
    says: ["{buildkit|rootlesskit}#.service: failed with result '{exit-code|signal|core-dump|timeout|resources}'"],
    means: ['service.failed'],
    weight: 1,
  },
  {
    by: 'buildkitd',
    says: ['no sockets found via socket activation', 'too few socket activated files passed in by systemd'],
    means: ['service.socket-activation', 'config.bad-address'],
  },
  {
    by: 'buildkitd',
    says: ['buildkitd*: flag provided but not defined: -#', 'incorrect usage: flag provided but not defined: -#'],
    means: ['service.unknown-flag'],
    weight: 2,
  },
];
