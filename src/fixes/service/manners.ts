import type { UnitEdit } from '../../facts/rights/unit-edit.ts';
import type { Step } from '../../model/plan.ts';
import { dropIn, reread, systemctl, type UnitLines } from './drop-in.ts';

/** A directive as a problem names it. */
export interface SetDirective {
  readonly unit: string;
  readonly option: string;
  readonly value: string;
}

/** The lines by which a unit of buildkitd is what its administrator expects. */
const LINES: { readonly [option: string]: UnitLines } = {
  Type: { Service: ['Type=notify', 'NotifyAccess=all'] },
  SuccessExitStatus: { Service: ['SuccessExitStatus=1'] },
  KillMode: { Service: ['KillMode=mixed'] },
  Restart: {
    Unit: ['StartLimitIntervalSec=60', 'StartLimitBurst=3'],
    Service: ['Restart=always', 'RestartSec=2'],
  },
  TasksMax: { Service: ['TasksMax=infinity'] },
  LimitNOFILE: { Service: ['LimitNOFILE=infinity'] },
  Delegate: { Service: ['Delegate=yes'] },
  SocketMode: { Socket: ['SocketMode=0660'] },
};

/** That a stop is a success hides a failed start, unless systemd waits for word of readiness. */
const TOGETHER: { readonly [option: string]: readonly string[] } = { SuccessExitStatus: ['Type'] };

export const isManner = (option: string): boolean => option in LINES || option === 'WantedBy' || option === 'PATH';

/** The drop-ins for these directives, read by a manager that runs. */
export function mendManners(edit: UnitEdit, wanted: readonly SetDirective[], waits: boolean): readonly Step[] {
  const units = [...new Set(wanted.map(({ unit }) => unit))];
  const steps = units.flatMap((unit) => {
    const own = wanted.filter((one) => one.unit === unit);
    const options = new Set(
      own.flatMap(({ option }) => [...(waits ? [] : (TOGETHER[option] ?? [])), option]).filter((one) => one in LINES),
    );
    const parts = [...options].map((option) => LINES[option] ?? {});
    const lines = (section: keyof UnitLines): readonly string[] => parts.flatMap((part) => part[section] ?? []);
    const target = edit.scope === 'user' ? 'default.target' : 'multi-user.target';
    const install = own.some(({ option }) => option === 'WantedBy') ? ['WantedBy=', `WantedBy=${target}`] : [];
    const path = own.find(({ option }) => option === 'PATH');
    const environment = path === undefined ? [] : [`Environment=PATH=${path.value}:/usr/sbin:/sbin`];
    return dropIn(edit, unit, 'service', {
      Unit: lines('Unit'),
      Service: [...lines('Service'), ...environment],
      Socket: lines('Socket'),
      Install: install,
    });
  });
  const inVain = wanted.find(({ option, value }) => option === 'WantedBy' && value !== '');
  if (inVain === undefined || !edit.wantedInVain || !edit.runs) return reread(edit, steps);
  const { unit } = inVain;
  // Its links are where the line says, and are made anew; also when that line is gone again.
  return [
    systemctl(edit, ['daemon-reload'], ['reenable', unit], 'Let systemd read its units as they are'),
    ...steps,
    systemctl(edit, ['reenable', unit], ['daemon-reload'], `Let the manager of the user start ${unit}`),
  ];
}
