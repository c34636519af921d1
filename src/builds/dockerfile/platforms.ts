import type { Instruction } from '../../buildkit/dockerfile/read.ts';
import type { Daemon } from '../model/daemon.ts';
import type { Finding } from '../model/finding.ts';
import type { BuildRequest } from '../model/request.ts';
import type { Known } from './stages.ts';
import { atInstruction, type Scene } from './versions.ts';

/** The platform that the labelled hosts and most builders have; what differs from it needs an emulator. */
const NATIVE = ['amd64', '386'];
const SAME: { readonly [name: string]: string } = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  i386: '386',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
};

const architectureOf = (platform: string): string => {
  const parts = platform.trim().toLowerCase().split('/');
  const part = (parts.length > 1 ? parts[1] : parts[0]) ?? '';
  return SAME[part] ?? part;
};

/** Steps that run programs of a processor that the host has no emulator for. */
export function platformFindings(
  runs: readonly { readonly instruction: Instruction; readonly platform: Known | null }[],
  request: BuildRequest | null,
  { host }: Daemon,
  scene: Scene,
): readonly Finding[] {
  const emulators = host?.emulators ?? null;
  if (emulators === null) return [];
  const have = new Set([...(host?.native ?? NATIVE), ...emulators.map(architectureOf)]);
  const asked = request?.options.get('platform');
  const targets =
    asked === undefined || !asked.known ? [] : asked.value.split(',').filter((text) => text.trim() !== '');
  for (const { instruction, platform } of runs) {
    const written = platform === null ? null : platform.known ? [platform.text] : [];
    const missing = (written ?? targets).map(architectureOf).find((name) => name !== '' && !have.has(name));
    if (missing === undefined) continue;
    return [
      {
        ...atInstruction(scene, instruction),
        condition: 'emulation.binfmt-missing',
        severity: 'error',
        message: `This step runs a program for ${missing}, and the host has no emulator for it: it ends with "exec format error".`,
        needs: { platform: `linux/${missing}` },
        remedy: [
          `Register an emulator on the host (Debian: apt-get install qemu-user-static binfmt-support), or build the stage with FROM --platform=$BUILDPLATFORM.`,
        ],
      },
    ];
  }
  return [];
}
