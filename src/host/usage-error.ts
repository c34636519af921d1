/** The call itself is wrong: one clear sentence for the person, exit code 2, nothing done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
