import type { HostReader, ReadOnlyTool } from '../model/look.ts';
import { maskAccounts } from '../secrets/accounts.ts';
import { type KnownSecrets, knownSecrets } from '../secrets/known.ts';
import { kindOf, withoutSecretsOf } from '../secrets/reading.ts';
import { maskKnownForms, maskText } from '../secrets/text.ts';
import { maskVariable } from '../secrets/variables.ts';

/** Programs whose output has a form that is parsed; what they print of accounts and files looks like secrets now and then. */
const STRUCTURED: ReadonlySet<ReadOnlyTool> = new Set([
  'getsubids',
  'getent',
  'getcap',
  'loginctl',
  'matchpathcon',
  'xfs_info',
  'quota',
  'ls',
]);

/**
 * The same host, telling no secret: everything that is read of it comes through here, so that facts, evidence, steps,
 * reports and recordings have none. `secrets` knows those that were met, for what programs print later.
 */
export function discreetHost(host: HostReader): { readonly host: HostReader; readonly secrets: KnownSecrets } {
  const secrets = knownSecrets();
  const { self, target, sudoUser } = host.identity;
  secrets.spare([self.name, target.name, sudoUser, self.home, target.home].filter((name) => name !== null));
  const printed = (text: string): string => secrets.hide(maskText(text, secrets.add));
  const knownForms = (text: string): string => maskKnownForms(text, secrets.add);
  const accounts = (text: string): string => knownForms(maskAccounts(text, secrets.add));
  const discreet: HostReader = {
    ...untold(host),
    async read(path, as, limit, kind, owner) {
      const reading = await host.read(path, as, limit, kind, owner);
      return reading === null ? null : withoutSecretsOf(reading, kind ?? kindOf(path), secrets.add);
    },
    async mountOf(path, as) {
      const mount = await host.mountOf(path, as);
      return mount === null ? null : { ...mount, source: knownForms(mount.source) };
    },
    async env() {
      return Object.fromEntries(
        Object.entries(await host.env()).map(([name, value]) => [name, maskVariable(name, value, secrets.add)]),
      );
    },
    async run(tool, args, as, path) {
      const ran = await host.run(tool, args, as, path);
      if (ran === null) return null;
      const told = tool === 'getent' ? accounts : STRUCTURED.has(tool) ? knownForms : printed;
      return { ...ran, stdout: told(ran.stdout), stderr: printed(ran.stderr) };
    },
    async probe(name, input, as, environment) {
      return withTexts(await host.probe(name, input, as, environment), printed);
    },
  };
  return { host: discreet, secrets };
}

/** The verbs that answer with no text in which a secret could stand. */
function untold(host: HostReader): Omit<HostReader, 'read' | 'env' | 'run' | 'probe' | 'mountOf'> {
  const hardware = host.hardware?.bind(host);
  return {
    identity: host.identity,
    stat: (...asked) => host.stat(...asked),
    lstat: (...asked) => host.lstat(...asked),
    readlink: (...asked) => host.readlink(...asked),
    realpath: (...asked) => host.realpath(...asked),
    list: (...asked) => host.list(...asked),
    statfs: (...asked) => host.statfs(...asked),
    access: (...asked) => host.access(...asked),
    survey: (...asked) => host.survey(...asked),
    socketHolder: (...asked) => host.socketHolder(...asked),
    now: () => host.now(),
    ...(hardware === undefined ? {} : { hardware }),
  };
}

/** What programs and the kernel said in an answer. */
export const SAID: ReadonlySet<string> = new Set(['message', 'log', 'error', 'refusal', 'stdout', 'stderr']);

function withTexts<T>(answer: T, change: (text: string) => string): T {
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return SAID.has(key) ? change(value) : value;
    if (Array.isArray(value)) return value.map((each) => visit(each, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, visit(each, name)]));
  };
  return visit(answer, '') as T;
}
