import { type Directives, isOn, listOf } from './directives.ts';
import type { UnitScope } from './unit-paths.ts';

/** Settings that systemd can only make with seccomp, for which an ordinary user's process needs no_new_privs. */
const FILTERING = ['SystemCallFilter', 'SystemCallArchitectures', 'SystemCallLog', 'RestrictAddressFamilies'];
const FILTERING_SWITCHES = [
  'RestrictNamespaces',
  'PrivateDevices',
  'ProtectKernelTunables',
  'ProtectKernelModules',
  'ProtectKernelLogs',
  'ProtectClock',
  'ProtectHostname',
  'MemoryDenyWriteExecute',
  'RestrictRealtime',
  'RestrictSUIDSGID',
  'LockPersonality',
];

/** The setting that makes the processes of a service run without new privileges; null when none does. */
export function noNewPrivilegesOf(service: Directives, scope: UnitScope): string | null {
  if (isOn(service, 'NoNewPrivileges')) return 'NoNewPrivileges';
  if (scope === 'system') return null;
  return (
    FILTERING.find((key) => listOf(service, key).length > 0) ??
    FILTERING_SWITCHES.find((key) => isOn(service, key)) ??
    null
  );
}
