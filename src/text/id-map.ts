/** Lines of an id map (user_namespaces(7)). */
export type IdMap = readonly (readonly [inside: number, outside: number, count: number])[];

/** Parses /proc/PID/uid_map; lines that are not three numbers are dropped. */
export function parseIdMap(text: string): IdMap {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length === 3 && columns.every((column) => /^\d+$/.test(column)))
    .map(([inside, outside, count]) => [Number(inside), Number(outside), Number(count)] as const);
}
