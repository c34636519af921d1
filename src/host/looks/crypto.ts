/** node:crypto, loaded where it is first needed: that takes longer than most looks at a host. */
export function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}
