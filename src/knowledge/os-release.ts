/** os-release(5), with the derivations that decide what to type on a host. */
export interface OsRelease {
  /** Lower-case ID; "linux" when the file has none (the specification's default). */
  readonly id: string;
  readonly idLike: readonly string[];
  /** VERSION_ID; null when absent, empty or an unfilled template. */
  readonly version: string | null;
  readonly name: string;
  readonly variantId: string | null;
  /** Set on Ubuntu and its derivatives. */
  readonly ubuntuCodename: string | null;
}
