import type { Fact, HostReader, Look, Request } from '../model/look.ts';

/** A look that also tells what was asked of it. */
export interface Examination extends Look {
  wasAsked(fact: Fact<unknown>): boolean;
}

/** A look at one host for one request: facts are read once, side by side, and a cycle of facts throws. */
export function createLook(host: HostReader, request: Request): Examination {
  const memo = new Map<string, Promise<unknown>>();
  const lookFor = (trail: readonly string[]): Look => ({
    host,
    request,
    get<T>(fact: Fact<T>): Promise<T> {
      if (trail.includes(fact.id))
        throw new Error(`facts need each other in a circle: ${[...trail, fact.id].join(' → ')}`);
      let value = memo.get(fact.id);
      if (value === undefined) {
        value = fact.read(lookFor([...trail, fact.id]));
        value.catch(() => {});
        memo.set(fact.id, value);
      }
      return value as Promise<T>;
    },
  });
  return { ...lookFor([]), wasAsked: ({ id }) => memo.has(id) };
}
