/** What npm and npx put before the PATH of what they start: directories of packages, where no program of a host is. */
const NPM = /\/node_modules\/\.bin\/?$|\/node-gyp-bin\/?$/;

/** The environment as the person has it, without what npm has put before its PATH to start us. */
export function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env.npm_execpath === undefined || env.PATH === undefined) return env;
  const path = env.PATH.split(':').filter((part) => !NPM.test(part));
  return { ...env, PATH: path.join(':') };
}
