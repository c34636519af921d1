/** The [Service] section of a unit: the values of each key, in order. */
export interface ServiceSection {
  readonly [key: string]: readonly string[];
}

/** Parses the [Service] section of unit text and drop-ins, in order; an empty assignment resets its key (systemd.unit(5)). */
export function parseService(texts: readonly string[]): ServiceSection {
  const values: { [key: string]: string[] } = Object.create(null);
  for (const text of texts) {
    let section = '';
    for (const line of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
      const header = /^\[(.+)\]$/.exec(trimmed);
      if (header?.[1] !== undefined) {
        section = header[1];
        continue;
      }
      const at = trimmed.indexOf('=');
      if (section !== 'Service' || at < 0) continue;
      const key = trimmed.slice(0, at).trim();
      const value = trimmed.slice(at + 1).trim();
      if (value === '') delete values[key];
      else {
        const list = values[key];
        if (list === undefined) values[key] = [value];
        else list.push(value);
      }
    }
  }
  return values;
}

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
export function noNewPrivilegesOf(service: ServiceSection, scope: 'system' | 'user'): string | null {
  const isOn = (key: string): boolean => /^(yes|true|1|on)$/i.test(service[key]?.at(-1) ?? '');
  if (isOn('NoNewPrivileges')) return 'NoNewPrivileges';
  if (scope === 'system') return null;
  return FILTERING.find((key) => service[key] !== undefined) ?? FILTERING_SWITCHES.find(isOn) ?? null;
}
