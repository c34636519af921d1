import { connect, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { TcpAddress } from '../../model/look.ts';
import { errnoOf } from '../looks/errno.ts';

function listen({ host, port }: TcpAddress): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(errnoOf(error)));
    server.listen({ port, ...(host === '' ? {} : { host }), exclusive: true }, () => resolve(server));
  });
}

/** Binds all addresses side by side, as one daemon would, then closes them. An empty host is every family; ENETDOWN: the loopback interface is down. */
export async function probeBind(addresses: readonly TcpAddress[]): Promise<{ errors: (string | null)[] }> {
  const servers: (Server | string)[] = [];
  for (const address of addresses) servers.push(await listen(address));
  await Promise.all(
    servers.map((server) => (typeof server === 'string' ? null : new Promise((closed) => server.close(closed)))),
  );
  const down = addresses.some(isLoopback) && !hasLoopback();
  return {
    errors: servers.map((server, at) =>
      typeof server === 'string' ? server : down && isLoopback(addresses[at]) ? 'ENETDOWN' : null,
    ),
  };
}

const isLoopback = (address: TcpAddress | undefined): boolean => /^127\.|^::1$/.test(address?.host ?? '');

/** An address of an interface that is down can be bound, and nobody can connect to it: only those that are up are listed. */
const hasLoopback = (): boolean =>
  Object.values(networkInterfaces()).some((all) => all?.some(({ internal }) => internal) === true);

export function probeConnect(path: string, limitMs: number): Promise<{ error: string | null }> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve({ error: 'ETIMEDOUT' });
    }, limitMs);
    const answer = (error: string | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ error });
    };
    socket.once('connect', () => answer(null));
    socket.once('error', (error) => answer(errnoOf(error)));
  });
}
