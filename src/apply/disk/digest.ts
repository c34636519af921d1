import { createHash } from 'node:crypto';

/** SHA-256 in hex, as the plan's `expects`. */
export function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
