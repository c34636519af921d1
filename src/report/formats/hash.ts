/** 64 bits of a text, as hexadecimal digits: to tell findings apart, not to protect anything (FNV-1a, twice). */
export function hashOf(text: string): string {
  const half = (seed: number): string => {
    let hash = seed;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
    return hash.toString(16).padStart(8, '0');
  };
  return half(0x811c9dc5) + half(0x01234567);
}
