import { type ListenAddress, parseListenAddress, splitHostPort } from '../../buildkit/address.ts';
import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { environment } from '../target/environment.ts';

/** Where buildctl would connect: BUILDKIT_HOST, else the socket of a rootful buildkitd; it never guesses another. */
export interface ClientEndpoint {
  readonly address: string;
  readonly parsed: ListenAddress | { readonly scheme: 'other'; readonly name: string };
  readonly fromVariable: boolean;
  /** For a Unix socket, the errno of connecting (null: it answers). Null as a whole: not a socket of this host, or not tried. */
  readonly answers: { readonly error: string | null } | null;
}

/** Schemes of buildctl besides unix and tcp (client/connhelper): each runs a program that connects. */
const HELPERS = new Set(['docker-container', 'podman-container', 'nerdctl-container', 'kube-pod', 'ssh']);

/** Reads an address as buildctl does: through Go's url.Parse and the resolvers of gRPC. */
function parseTarget(address: string): ClientEndpoint['parsed'] {
  const scheme = /^([a-z-]+):\/\//i.exec(address)?.[1]?.toLowerCase() ?? '';
  if (HELPERS.has(scheme)) return { scheme: 'other', name: scheme };
  // A form of gRPC's, which no listener takes.
  if (/^unix:\/(?!\/)/.test(address)) return { scheme: 'unix', path: address.slice('unix:'.length) };
  const parsed = parseListenAddress(address);
  if (parsed.scheme === 'unix' && !parsed.path.startsWith('/'))
    return { scheme: null, why: `invalid (non-empty) authority: ${parsed.path}` };
  const refused = parsed.scheme === 'tcp' ? splitHostPort(parsed.hostPort).error : null;
  return refused === null ? parsed : { scheme: null, why: refused };
}

export const clientAddress: Fact<ClientEndpoint> = {
  id: 'client-endpoint',
  async read(look) {
    const { values } = await look.get(environment);
    const address = values.BUILDKIT_HOST || 'unix:///run/buildkit/buildkitd.sock';
    const parsed = parseTarget(address);
    const answers =
      parsed.scheme === 'unix' && look.request.probe
        ? await look.host.probe('connect', { path: parsed.path }, 'target', {}).catch(asAbsent)
        : null;
    return { address, parsed, fromVariable: Boolean(values.BUILDKIT_HOST), answers };
  },
};
