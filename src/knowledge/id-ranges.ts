/** Largest id a map can hold: 2^32 - 1 means "no id" to the kernel. */
export const LAST_ID = 4294967294;
/** What one user should have, so that images may name every 16-bit id. */
export const FULL = 65536;
/** The fewest with which a file can be given to nobody (65534): the user's own id is 0 inside. */
export const ENOUGH = 65534;
