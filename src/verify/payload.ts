import * as fs from 'node:fs';

/** What the trial's RUN step executes, and how. */
export interface Payload {
  readonly file: string;
  readonly bytes: Buffer;
  readonly run: readonly string[];
}

const SHELLS = [
  '/bin/busybox',
  '/usr/bin/busybox',
  '/bin/busybox.static',
  '/usr/bin/busybox.static',
  '/usr/lib/initcpio/busybox',
];

/** Is it an ELF program that needs no loader (no PT_INTERP)? 64-bit little-endian only. */
export function isStatic(bytes: Buffer): boolean {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return false;
  const at = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  const count = bytes.readUInt16LE(56);
  for (let index = 0; index < count; index++) {
    const header = at + index * size;
    if (header + 4 > bytes.length) return false;
    if (bytes.readUInt32LE(header) === 3) return false;
  }
  return true;
}

/** A static busybox of this host, else a program of our own; null where neither exists (other than x86-64). */
export function payload(arch: string, shells: readonly string[] = SHELLS): Payload | null {
  for (const path of shells) {
    try {
      const bytes = fs.readFileSync(path);
      if (isStatic(bytes))
        return {
          file: 'busybox',
          bytes,
          run: ['/busybox', 'sh', '-c', '/busybox touch /owned && /busybox chown 65534:65534 /owned'],
        };
    } catch {
      // Not here.
    }
  }
  return arch === 'x64' ? { file: 'give', bytes: give(), run: ['/give'] } : null;
}

/**
 * A 64-bit ELF program without libraries: open("/owned", O_WRONLY|O_CREAT, 0600), chown("/owned", 65534, 65534),
 * exit with 0 when both succeeded and 1 otherwise.
 */
function give(): Buffer {
  const code = Buffer.from(
    [
      '488d3d41000000', // lea path, %rdi
      'be41000000ba80010000b8020000000f05', // O_WRONLY|O_CREAT, 0600, open
      '85c07820', // failed?
      '488d3d25000000', // lea path, %rdi
      'befeff0000bafeff0000b85c0000000f05', // 65534, 65534, chown
      '85c07504', // failed?
      '31ffeb05', // exit status 0
      'bf01000000', // exit status 1
      'b83c0000000f05', // exit
    ].join(''),
    'hex',
  );
  const path = Buffer.from('/owned\0', 'latin1');
  const body = Buffer.concat([code, path]);
  const base = 0x400000n;
  const start = 64 + 56;
  const header = Buffer.alloc(start);
  header.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(62, 18); // EM_X86_64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(base + BigInt(start), 24); // entry
  header.writeBigUInt64LE(64n, 32); // program headers
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // PT_LOAD
  header.writeUInt32LE(5, 68); // readable, executable
  header.writeBigUInt64LE(base, 80);
  header.writeBigUInt64LE(base, 88);
  header.writeBigUInt64LE(BigInt(start + body.length), 96);
  header.writeBigUInt64LE(BigInt(start + body.length), 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, body]);
}
