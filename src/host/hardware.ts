import type { Hardware } from '../model/look.ts';

const LIMIT_MS = 3000;

/** What systeminformation tells of the hardware; null when it does not answer in time. */
export async function hardware(): Promise<Hardware | null> {
  const { default: si } = await import('systeminformation');
  const asked = si.get({
    cpu: 'manufacturer, brand, cores',
    system: 'manufacturer, model, virtual, virtualHost',
    mem: 'total, swaptotal',
  });
  const told = await Promise.race([
    asked,
    new Promise<null>((resolve) => setTimeout(() => resolve(null), LIMIT_MS).unref()),
  ]);
  if (told === null) return null;
  const { cpu, system, mem } = told;
  return {
    cpu: [cpu?.manufacturer, cpu?.brand].filter(Boolean).join(' '),
    cores: Number(cpu?.cores ?? 0),
    system: [system?.manufacturer, system?.model].filter(Boolean).join(' '),
    hypervisor: system?.virtual ? system.virtualHost || null : null,
    memoryBytes: Number(mem?.total ?? 0),
    swapBytes: Number(mem?.swaptotal ?? 0),
  };
}
