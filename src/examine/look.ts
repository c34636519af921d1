import type { Fact, LookAt } from '../model/look.ts';

/** A look that also tells what was asked of it. */
export type Examination<S> = LookAt<S> & { wasAsked(fact: Fact<unknown, S>): boolean };

/** A look at one subject: facts are read once, side by side, and a cycle of facts throws. */
export function createLook<S extends object>(subject: S): Examination<S> {
  const memo = new Map<string, Promise<unknown>>();
  const lookFor = (trail: readonly string[]): LookAt<S> => ({
    ...subject,
    get<T>(fact: Fact<T, S>): Promise<T> {
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
