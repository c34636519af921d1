import { field, fieldAt, fields } from '../../documents/tree.ts';
import type { Change } from './change.ts';
import { type Ailment, fixBy } from './remedy.ts';

const SOCKET = 'unix:///run/user/1000/buildkit/buildkitd.sock';

/** The address that a probe in the container itself can ask. */
const askable = (served: string): string => {
  const addresses = served.split(' ');
  const unix = addresses.find((address) => address.startsWith('unix://'));
  return unix ?? (addresses[0] ?? '').replace(/^tcp:\/\/(?:0\.0\.0\.0|\[::\])?:/, 'tcp://127.0.0.1:');
};

/** What the kubelet does itself in place of a program in the container. */
const ACTIONS = new Set(['tcpSocket', 'httpGet', 'grpc']);

/** Asked without a certificate. */
const isLocal = (address: string): boolean => /^(?:unix:\/\/|tcp:\/\/(?:127\.|localhost))/.test(address);

/** buildctl of an exec probe or a healthcheck, with the address that is served. */
function readdressed({ container, problem, text, values, document }: Ailment): readonly Change[] | null {
  const yaml = container?.yaml ?? null;
  if (yaml === null) return null;
  const probe = fields(yaml).find(({ key }) => /Probe$/.test(key) && problem.subject.startsWith(field(yaml, key).path));
  const at =
    document.kind === 'compose'
      ? fieldAt(yaml, 'healthcheck', 'test')
      : probe === undefined
        ? null
        : fieldAt(probe, 'exec', 'command');
  const address = askable(values.served ?? '');
  const action = probe === undefined ? undefined : fields(probe).find(({ key }) => ACTIONS.has(key));
  if (action !== undefined && isLocal(address))
    return [
      { ...action.whole, text: `exec: {command: [buildctl, --addr, ${JSON.stringify(address)}, debug, workers]}` },
    ];
  const words = at?.node?.kind === 'list' ? at.node.items : at?.node == null ? [] : [at.node];
  if (at === null || words.some((word) => word.kind !== 'scalar')) return null;
  const asked = words.findIndex((word) => word.kind === 'scalar' && /^--addr(?:=|$)/.test(word.text));
  const given = words[asked];
  if (given?.kind === 'scalar') {
    const other = given.text === '--addr' ? words[asked + 1] : given;
    const prefix = given.text === '--addr' ? '' : '--addr=';
    return other === undefined ? null : [{ ...other.span, text: JSON.stringify(`${prefix}${address}`) }];
  }
  if (words.some((word) => word.kind === 'scalar' && /--addr/.test(word.text))) return null;
  const index = words.findIndex((word) => word.kind === 'scalar' && /(?:^|\s|\/)buildctl(?=\s|$)/.test(word.text));
  const word = words[index];
  if (word?.kind !== 'scalar') return null;
  const { start, end } = word.span;
  // A whole command in one text.
  if (!/buildctl$/.test(word.text)) {
    const found = text.slice(start, end).search(/(?<=^|["'\s/])buildctl\s/);
    const place = start + found + 'buildctl'.length;
    return found < 0 ? null : [{ start: place, end: place, text: ` --addr ${address}` }];
  }
  if (at.node?.kind !== 'list') return null;
  if (text[at.span.start] === '[') return [{ start: end, end, text: `, --addr, ${JSON.stringify(address)}` }];
  const line = text.lastIndexOf('\n', start - 1) + 1;
  const before = text.slice(line, start);
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
