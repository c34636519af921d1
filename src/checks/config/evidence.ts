/** What every problem of a configuration file tells, besides where it stands. */
export interface ConfigEvidence {
  /** Dotted; null for the file as a whole. */
  readonly key: string | null;
  /** Which versions of buildkitd it concerns, when not surely the one at hand. */
  readonly versions: string | null;
  /** What buildkitd prints, where its words are known. */
  readonly prints: string | null;
}
