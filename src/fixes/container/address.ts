import { field, fields } from '../../documents/tree.ts';
import type { Change } from './change.ts';
import { type Ailment, fixBy } from './remedy.ts';

const SOCKET = 'unix:///run/user/1000/buildkit/buildkitd.sock';

/** The address that a probe in the container itself can ask. */
const askable = (served: string): string => {
  const addresses = served.split(' ');
  const unix = addresses.find((address) => address.startsWith('unix://'));
  return unix ?? (addresses[0] ?? '').replace(/^tcp:\/\/(?:0\.0\.0\.0|\[::\])?:/, 'tcp://127.0.0.1:');
};

/** buildctl of an exec probe, with the address that is served. */
function readdressed({ container, problem, text, values }: Ailment): readonly Change[] | null {
  const yaml = container?.yaml ?? null;
  if (yaml === null) return null;
  const probe = fields(yaml).find(({ key }) => /Probe$/.test(key) && problem.subject.startsWith(field(yaml, key).path));
  const list = probe === undefined ? null : field(field(probe, 'exec'), 'command');
  if (list?.node?.kind !== 'list') return null;
  const [first] = list.node.items;
  if (
    first?.kind !== 'scalar' ||
    !/buildctl$/.test(first.text) ||
    list.node.items.some((item) => item.kind === 'scalar' && item.text.startsWith('--addr'))
  )
    return null;
  const address = askable(values.served ?? '');
  const line = text.lastIndexOf('\n', first.span.start - 1) + 1;
  const before = text.slice(line, first.span.start);
  const { end } = first.span;
  if (text[list.span.start] === '[') return [{ start: end, end, text: `, --addr, ${JSON.stringify(address)}` }];
  return /^\s*- $/.test(before) ? [{ start: end, end, text: `\n${before}--addr\n${before}${address}` }] : null;
}

export const mendAddresses = fixBy('Ask where buildkitd answers', {
  tls: () => ({ say: ['Give buildkitd --tlscacert, --tlscert and --tlskey, or do not listen on TCP.'] }),
  'tls-files': () => ({
    say: ['Mount the secret with the certificates there, or name the files where they are mounted.'],
  }),
  'bad-address': () => ({ say: ['Write unix:///PATH or tcp://HOST:PORT.'] }),
  'socket-place': ({ problem, container, text, values }) => {
    const flag = [...(container?.args ?? []), ...(container?.entrypoint ?? [])].find(
      ({ path, value }) => path === problem.subject && value.includes(values.address ?? '\0'),
    );
    const found = flag === undefined ? -1 : text.slice(flag.span.start, flag.span.end).indexOf(values.address ?? '');
    const start = (flag?.span.start ?? 0) + found;
    return {
      say: [`Listen on ${SOCKET}.`],
      changes: found < 0 ? null : [{ start, end: start + (values.address ?? '').length, text: SOCKET }],
    };
  },
  probe: (ailment) => ({
    say: [
      `Ask ${askable(ailment.values.served ?? '')}: buildctl --addr ${askable(ailment.values.served ?? '')} debug workers.`,
    ],
    changes: readdressed(ailment),
  }),
  client: ({ values }) => ({
    say: [
      `Ask ${askable(values.served ?? '')}; for a socket both containers need one volume on its directory. Or let buildkitd listen on tcp://127.0.0.1:1234, and ask that.`,
    ],
  }),
  selector: () => ({ say: ['Write the labels of the pods into the selector of the Service.'] }),
  port: () => ({ say: ['Write the port on which buildkitd listens.'] }),
});
