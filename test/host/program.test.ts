import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { probeProgram } from '../../src/host/probes/program.ts';

const directory = fs.mkdtempSync(join(tmpdir(), 'bk-program-'));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));
const file = (content: string | Uint8Array): string => {
  const path = join(directory, 'file');
  fs.writeFileSync(path, content);
  return path;
};
const kindOf = (content: string | Uint8Array): string | null => probeProgram(file(content)).obstacle?.kind ?? null;

describe('would execve take it', () => {
  const node = fs.readFileSync(process.execPath);
  test('what runs here has no obstacle', () => {
    expect(probeProgram(process.execPath)).toEqual({ readable: true, obstacle: null });
    expect(kindOf('#!/bin/sh -e\nexit 0\n')).toBeNull();
  });
  test('what does not', () => {
    expect(kindOf('')).toBe('empty');
    expect(kindOf('echo a script without its first line\n')).toBe('no-program');
    expect(kindOf('#!/nowhere/sh\n')).toBe('interpreter');
    expect(kindOf(node.subarray(0, 4096))).toBe('truncated');
    const other = Buffer.from(node);
    other.writeUInt16LE(0xfff0, 18);
    expect(kindOf(other)).toBe('foreign');
    expect(probeProgram(join(directory, 'absent')).readable).toBe(false);
  });
  test('no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const head = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, ...bytes]);
        expect(probeProgram(file(head)).readable).toBe(kindOf(head) !== null || head.length > 0);
      }),
    );
  });
});
