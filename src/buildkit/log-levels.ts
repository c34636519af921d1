/** The levels of logrus, which takes them in any case. */
export const LEVELS = /^(?:panic|fatal|error|warn|warning|info|debug|trace)$/i;
