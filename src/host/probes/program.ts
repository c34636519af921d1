import * as fs from 'node:fs';
import type { ProgramAnswer } from '../../model/look.ts';

/** e_machine of elf(5), by Node's name of the architecture; the second one is what its kernels usually run as well. */
const MACHINES: { readonly [arch: string]: readonly number[] } = {
  x64: [62, 3],
  ia32: [3],
  arm64: [183, 40],
  arm: [40],
  ppc64: [21],
  s390x: [22],
  riscv64: [243],
  loong64: [258],
};
const LOADED = 1;
const INTERPRETER = 3;
const MOST_HEADERS = 64;

/** What execve(2) would say of a file, by looking at it alone. */
export function probeProgram(path: string): ProgramAnswer {
  let file: number;
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
  } catch {
    return { readable: false, obstacle: null };
  }
  try {
    const { size } = fs.fstatSync(file);
    const at = (offset: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, fs.readSync(file, bytes, 0, length, offset));
    };
    return { readable: true, obstacle: size === 0 ? { kind: 'empty', what: '' } : obstacleIn(at, size) };
  } catch {
    return { readable: false, obstacle: null };
  } finally {
    fs.closeSync(file);
  }
}

function obstacleIn(at: (offset: number, length: number) => Buffer, size: number): ProgramAnswer['obstacle'] {
  const head = at(0, 256);
  if (head.subarray(0, 2).toString('latin1') === '#!') {
    const [interpreter = ''] = head
      .subarray(2)
      .toString('utf8')
      .trimStart()
      .split(/[\s\0]/);
    return missing(interpreter);
  }
  if (head.subarray(0, 4).toString('latin1') !== '\x7fELF') return { kind: 'no-program', what: '' };
  if (size < 64) return { kind: 'truncated', what: '' };
  const wide = head[4] === 2;
  const little = head[5] === 1;
  const short = (bytes: Buffer, offset: number): number =>
    little ? bytes.readUInt16LE(offset) : bytes.readUInt16BE(offset);
  const word = (bytes: Buffer, offset: number): number => {
    if (!wide) return little ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset);
    return Number(little ? bytes.readBigUInt64LE(offset) : bytes.readBigUInt64BE(offset));
  };
  const machine = short(head, 18);
  const known = MACHINES[process.arch];
  if (known !== undefined && !known.includes(machine)) return { kind: 'foreign', what: String(machine) };
  const start = word(head, wide ? 32 : 28);
  const entry = short(head, wide ? 54 : 42);
  const count = Math.min(short(head, wide ? 56 : 44), MOST_HEADERS);
  const table = at(start, entry * count);
  if (table.length < entry * count) return { kind: 'truncated', what: '' };
  for (let index = 0; index < count; index++) {
    const header = table.subarray(index * entry, (index + 1) * entry);
    const type = little ? header.readUInt32LE(0) : header.readUInt32BE(0);
    const offset = word(header, wide ? 8 : 4);
    const length = word(header, wide ? 32 : 16);
    if (type === LOADED && offset + length > size) return { kind: 'truncated', what: '' };
    if (type !== INTERPRETER || length > 4096) continue;
    const loader = missing(at(offset, length).toString('utf8').replace(/\0.*$/s, ''));
    if (loader !== null) return loader;
  }
  return null;
}

function missing(interpreter: string): ProgramAnswer['obstacle'] {
  try {
    if (interpreter.startsWith('/')) fs.accessSync(interpreter, fs.constants.X_OK);
    return null;
  } catch {
    return { kind: 'interpreter', what: interpreter };
  }
}
