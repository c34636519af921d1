import type { Fact } from '../../model/look.ts';
import type { EnvironmentSource } from '../../model/say.ts';
import { asAbsent, tooMuch, unseenOf } from '../../model/unseen.ts';
import { isListed } from '../../secrets/variables.ts';
import type { Daemon } from './daemon.ts';
import { identity } from './identity.ts';
import { tellingDaemon } from './own-daemon.ts';
import { unit } from './unit.ts';

export interface Variable {
  readonly value: string;
  readonly source: EnvironmentSource;
}
/** The environment that buildkitd would have, by an allow-list of names. */
export interface Environment {
  readonly variables: { readonly [name: string]: Variable };
  /** The same, flattened, for tools and probes run as the target, without what is only judged. */
  readonly values: { readonly [name: string]: string };
  /** Where the programs of clients are looked for: PATH of the shell, whatever starts buildkitd. */
  readonly clientPath: string;
}

/** Variables that clients read, in the shell of a person. */
const OF_CLIENTS =
  /^(?:BUILDKIT_HOST|DOCKER_\w+|BUILDX_\w+|KUBERNETES_SERVICE_HOST|SSH_AUTH_SOCK|SOURCE_DATE_EPOCH|HTTPS_PROXY|https_proxy|NO_PROXY|no_proxy)$/;
/** Variables that are judged and handed to no tool: a limit of memory would be the tool's own. */
const JUDGED_ONLY = /^(?:GOMEMLIMIT|SOURCE_DATE_EPOCH|HTTPS_PROXY|https_proxy|NO_PROXY|no_proxy)$/;

/** The longest variable that is taken, and the longest PATH: every program is looked for in each of its directories. */
const LONGEST = 32 * 1024;
const MOST_DIRECTORIES = 500;

/** shadow's compiled defaults, where login.defs names no path. */
const DEFAULT_PATH = {
  user: '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games',
  root: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

export const environment: Fact<Environment> = {
  id: 'environment',
  async read(look) {
    const { host, request } = look;
    const who = await look.get(identity);
    const variables: { [name: string]: Variable } = {};
    const put = (values: { readonly [name: string]: string }, source: EnvironmentSource): void => {
      for (const [name, value] of Object.entries(values)) {
        if (!isListed(name)) continue;
        if (value.length > LONGEST) throw tooMuch(`the variable ${name} has more than ${LONGEST} characters`);
        if (name === 'PATH' && value.split(':').length > MOST_DIRECTORIES)
          throw tooMuch(`PATH has more than ${MOST_DIRECTORIES} directories`);
        variables[name] = { value, source };
      }
    };
    if (who.target.uid === who.self.uid) put(await host.env(), 'process');
    else {
      const { name, home, shell, uid } = who.target;
      if (name !== null) put({ USER: name, LOGNAME: name }, 'passwd');
      if (home !== null) put({ HOME: home }, 'passwd');
      if (shell !== null) put({ SHELL: shell }, 'passwd');
      put({ PATH: await loginPath(look, uid === 0) }, 'login.defs');
      if (uid !== 0) put({ XDG_RUNTIME_DIR: `/run/user/${uid}` }, 'default');
    }
    const client = { ...variables };
    const daemon = await look.get(tellingDaemon);
    const service = daemon === null && request.daemonless !== true ? await look.get(unit) : null;
    if (daemon !== null || service !== null) {
      // A daemon has what its starter gives it, and nothing of a shell.
      for (const name of Object.keys(variables)) if (!OF_CLIENTS.test(name)) delete variables[name];
    }
    if (daemon !== null) put(environmentIn(daemon), 'daemon');
    else if (service !== null) put(service.environment, 'unit');
    put(request.env, 'option');
    return {
      variables,
      clientPath: request.env.PATH ?? client.PATH?.value ?? '',
      values: Object.fromEntries(
        Object.entries(variables).flatMap(([name, { value }]) => (JUDGED_ONLY.test(name) ? [] : [[name, value]])),
      ),
    };
  },
};

function environmentIn({ environment: found }: Daemon): { readonly [name: string]: string } {
  if (found.unseen !== undefined) throw unseenOf(found.unseen);
  return Object.fromEntries(Object.entries(found.value).filter(([name]) => !OF_CLIENTS.test(name)));
}

async function loginPath({ host }: Parameters<Fact<Environment>['read']>[0], root: boolean): Promise<string> {
  const key = root ? 'ENV_SUPATH' : 'ENV_PATH';
  for (const path of ['/etc/login.defs', '/usr/etc/login.defs']) {
    const text = (await host.read(path, 'self').catch(asAbsent))?.text;
    const value = text === undefined ? undefined : new RegExp(`^\\s*${key}\\s+(?:PATH=)?(\\S+)`, 'm').exec(text)?.[1];
    if (value !== undefined) return value;
  }
  return root ? DEFAULT_PATH.root : DEFAULT_PATH.user;
}
