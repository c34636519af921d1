import type { ServiceSetup } from '../../facts/rights/service-setup.ts';
import { USUAL_NAME } from '../../facts/target/unit.ts';
import type { Identity, Request } from '../../model/look.ts';

/** A service as it is to be: its units, which of them are enabled and started, and where clients find it. */
export interface ServicePlan {
  readonly units: readonly { readonly name: string; readonly text: string }[];
  readonly enabled: readonly string[];
  readonly started: readonly string[];
  /** For clients. */
  readonly address: string;
  /** It is where clients of that account look anyway. */
  readonly usual: boolean;
  /** How it is started without systemd. */
  readonly command: string;
}

type Asked = Pick<Request, 'config' | 'root' | 'addresses'>;

/** A word as systemd takes it apart. */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w/.:=@+,%$-]+$/.test(word) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`;
}

/** What the service of this wish is; null without the programs. */
export function servicePlan(setup: ServiceSetup, identity: Identity, asked: Asked): ServicePlan | null {
  const { wish, programs, place } = setup;
  const { mode, target } = identity;
  const rootful = mode === 'rootful';
  const kit = rootful || target.uid === 0 ? null : programs.rootlesskit;
  if (programs.buildkitd === null || (kit === null && !rootful)) return null;
  const scope = place?.scope ?? 'system';
  const own = scope === 'system' && !rootful;
  const runtime = rootful ? '/run' : own ? `/run/${runtimeName(wish.name, target)}` : `/run/user/${target.uid}`;
  const below = `${runtime}/${own ? USUAL_NAME : wish.name}`;
  const listens = `${below}/buildkitd.sock`;
  const inner = wish.socket && !rootful ? `${below}/rootless` : listens;
  const usual = wish.name === USUAL_NAME;
  const explicit = !usual || (wish.socket && !rootful);
  const root =
    asked.root ?? (usual ? null : rootful ? `/var/lib/${wish.name}` : `${target.home ?? ''}/.local/share/${wish.name}`);
  const addresses = rootful && wish.socket ? ['fd://'] : (asked.addresses ?? (explicit ? [`unix://${inner}`] : []));
  const daemon = [
    programs.buildkitd,
    ...(asked.config === null ? [] : ['--config', asked.config]),
    ...(root === null ? [] : ['--root', root]),
    ...addresses.flatMap((address) => ['--addr', address]),
  ];
  const words = kit === null ? daemon : [kit, ...network(setup), ...daemon];
  const user = own ? (target.name ?? String(target.uid)) : null;
  const first = asked.addresses?.[0];
  const address =
    !wish.socket && first !== undefined
      ? first
      : `unix://${own && wish.socket ? `${runtime}/buildkitd.sock` : listens}`;
  const service = serviceText(
    setup,
    words,
    user === null ? null : { user, runtime: runtime.slice('/run/'.length) },
    rootful,
  );
  const sockets = wish.socket ? socketUnits(setup, { address, inner, user, rootful }) : [];
  const socket = sockets.find(({ name }) => name.endsWith('.socket'))?.name;
  const main = `${wish.name}.service`;
  return {
    units: [{ name: main, text: service }, ...sockets],
    enabled: [socket ?? main],
    started: [...(socket === undefined ? [] : [socket]), main],
    address,
    usual: usual && !own && asked.addresses === null,
    command: words.map(quoted).join(' '),
  };
}

export const runtimeName = (
  service: string,
  { name, uid }: { readonly name: string | null; readonly uid: number },
): string => `${service}-${/^[a-z_][a-z0-9_-]*$/.test(name ?? '') ? name : uid}`;

/** With a network of its own buildkitd is shut off from the host's loopback. */
function network({ wish, slirp }: ServiceSetup): readonly string[] {
  const net = wish.net ?? (slirp ? 'slirp4netns' : 'host');
  return net === 'host' ? [] : [`--net=${net}`, '--copy-up=/etc', '--disable-host-loopback'];
}

const section = (name: string, lines: readonly string[]): string => `[${name}]\n${lines.join('\n')}\n`;

function serviceText(
  { wish, ownPath, place }: ServiceSetup,
  words: readonly string[],
  account: { readonly user: string; readonly runtime: string } | null,
  rootful: boolean,
): string {
  const activated = rootful && wish.socket ? [`Requires=${wish.name}.socket`, `After=${wish.name}.socket`] : [];
  const runtime =
    account === null
      ? []
      : [
          `User=${account.user}`,
          `RuntimeDirectory=${account.runtime}`,
          'RuntimeDirectoryMode=0700',
          // The socket of the proxy lies in it.
          ...(wish.socket ? ['RuntimeDirectoryPreserve=yes'] : []),
          `Environment=XDG_RUNTIME_DIR=/run/${account.runtime}`,
        ];
  const path = ownPath.length === 0 ? [] : [`Environment=PATH=${[...ownPath, PATH].join(':')}`];
  const target = place?.scope === 'user' ? 'default.target' : 'multi-user.target';
  const socket = rootful ? `${wish.name}.socket` : `${wish.name}-proxy.socket`;
  return [
    section('Unit', [
      `Description=BuildKit${rootful ? '' : ' (rootless)'}`,
      'Documentation=https://github.com/moby/buildkit',
      ...activated,
      'StartLimitIntervalSec=60',
      'StartLimitBurst=3',
    ]),
    section('Service', [
      'Type=notify',
      ...(rootful ? [] : ['NotifyAccess=all']),
      ...runtime,
      ...path,
      `ExecStart=${words.map(quoted).join(' ')}`,
      // buildkitd ends with 1 when it is told to stop.
      'SuccessExitStatus=1',
      'KillMode=mixed',
      'Restart=always',
      'RestartSec=2',
      'Delegate=yes',
      'TasksMax=infinity',
      'LimitNOFILE=infinity',
    ]),
    section('Install', [wish.socket ? `Also=${socket}` : `WantedBy=${target}`]),
  ].join('\n');
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Sockets {
  readonly address: string;
  readonly inner: string;
  readonly user: string | null;
  readonly rootful: boolean;
}

/** rootlesskit passes no socket of systemd on: a proxy of systemd's stands before it. */
function socketUnits(
  { wish, programs }: ServiceSetup,
  { address, inner, user, rootful }: Sockets,
): ServicePlan['units'] {
  const name = rootful ? wish.name : `${wish.name}-proxy`;
  const socket = [
    section('Unit', ['Description=Socket of BuildKit']),
    section('Socket', [
      `ListenStream=${address.replace('unix://', '')}`,
      'SocketMode=0660',
      ...(user === null ? [] : [`SocketUser=${user}`]),
    ]),
    section('Install', ['WantedBy=sockets.target']),
  ].join('\n');
  if (rootful) return [{ name: `${name}.socket`, text: socket }];
  const proxy = [
    section('Unit', [
      'Description=Proxy of the socket of BuildKit',
      `Requires=${wish.name}.service ${name}.socket`,
      `After=${wish.name}.service ${name}.socket`,
    ]),
    section('Service', [
      ...(user === null ? [] : [`User=${user}`]),
      `ExecStart=${programs.socketProxy ?? '/usr/lib/systemd/systemd-socket-proxyd'} ${inner}`,
    ]),
  ].join('\n');
  return [
    { name: `${name}.socket`, text: socket },
    { name: `${name}.service`, text: proxy },
  ];
}
