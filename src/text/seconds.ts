/** A time limit as people read it: whole seconds, and less than ten of them with a decimal where there is one. */
export function seconds(ms: number): string {
  const shown = ms < 9950 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000);
  return `${shown} ${shown === 1 ? 'second' : 'seconds'}`;
}
