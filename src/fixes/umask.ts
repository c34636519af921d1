/** Where a umask that keeps the owner out is changed. */
export const UMASK_WORDS =
  'Start buildkitd with an ordinary umask: "umask 022" in the session or script that starts it, UMask=0022 below [Service] in a unit.';
