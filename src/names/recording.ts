import type { Names } from './names.ts';

interface Recorded {
  readonly identity?: { readonly self?: unknown; readonly target?: unknown };
  readonly env?: { readonly [name: string]: string };
  readonly answers: { readonly [question: string]: { readonly value?: unknown } };
}

/** Learns the names of a recording before any of them is replaced. */
export function learnRecording(recording: Recorded, names: Names): void {
  for (const [question, { value }] of Object.entries(recording.answers)) {
    const [verb, path] = JSON.parse(question) as readonly unknown[];
    const text = (value as { readonly text?: unknown } | null)?.text;
    if (verb !== 'read' || typeof text !== 'string') continue;
    names.learnFiles(fileOf(String(path), text));
    for (const address of hexAddresses(String(path), text)) names.learn(address);
  }
  for (const who of [recording.identity?.self, recording.identity?.target]) {
    const { name, home } = (who ?? {}) as { readonly name?: string | null; readonly home?: string | null };
    if (typeof name === 'string') names.learn(`USER=${name}`);
    if (typeof home === 'string') names.learnHome(home, name ?? '');
  }
  for (const [name, value] of Object.entries(recording.env ?? {}))
    if (/^no_proxy$/i.test(name)) names.learnNoProxy(value);
  const { answers, ...head } = recording;
  walk(head, (text) => names.learn(text));
  // Who built the kernel is no secret of this host.
  for (const [question, answer] of Object.entries(answers))
    if (!/"\/proc\/(?:version|sys\/kernel\/(?:osrelease|version))"/.test(question))
      walk([question, answer], (text) => names.learn(text));
}

function fileOf(path: string, text: string): Parameters<Names['learnFiles']>[0] {
  switch (path) {
    case '/etc/passwd':
      return { passwd: text };
    case '/etc/group':
      return { group: text };
    case '/etc/subuid':
    case '/etc/subgid':
      return { subids: text };
    case '/etc/hosts':
      return { hosts: text };
    case '/etc/resolv.conf':
    case '/run/systemd/resolve/resolv.conf':
      return { resolv: text };
    case '/etc/hostname':
    case '/proc/sys/kernel/hostname':
    case '/proc/sys/kernel/domainname':
      return { hostnames: [text] };
    case '/etc/machine-id':
    case '/var/lib/dbus/machine-id':
    case '/proc/sys/kernel/random/boot_id':
      return { ids: [text] };
    default:
      return {};
  }
}

/** The same recording with every name replaced, in questions as in answers, so that the same questions find the same answers. */
export function redactedRecording<T extends object>(recording: T, names: Names): T {
  const { answers, ...head } = recording as unknown as Recorded;
  const mapped = Object.entries(answers).map(([question, answer]) => {
    const [verb, path] = JSON.parse(question) as readonly unknown[];
    const hidden = mappedOf(answer, names) as { readonly value?: unknown };
    return [
      JSON.stringify(mappedQuestion(JSON.parse(question), names)),
      afterwards(String(verb), String(path), hidden, names),
    ];
  });
  return {
    ...(mappedOf(head, names) as object),
    redacted: true,
    answers: Object.fromEntries((mapped as [string, unknown][]).sort(([a], [b]) => (a < b ? -1 : 1))),
  } as unknown as T;
}

function afterwards(verb: string, path: string, answer: { readonly value?: unknown }, names: Names): unknown {
  const { value } = answer;
  // Names are listed in their order, which is another one now.
  if (verb === 'list' && Array.isArray(value)) return { ...answer, value: [...value].sort() };
  const text = (value as { readonly text?: unknown } | null | undefined)?.text;
  if (verb === 'read' && typeof text === 'string' && isNet(path))
    return { ...answer, value: { ...(value as object), text: withHexAddresses(path, text, names) } };
  return answer;
}

const isNet = (path: string): boolean => /^\/proc\/(?:self|\d+)\/net\/(?:tcp6?|udp6?|if_inet6)$/.test(path);
const WORDS_OF_FOUR = /[\dA-Fa-f]{8}/g;

/** Addresses as the kernel writes them: words of a little-endian machine, or all sixteen bytes in their order. */
function addressOf(path: string, digits: string): string | null {
  if (digits.length === 8)
    return (digits.match(/../g) ?? [])
      .reverse()
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
  const bytes = path.endsWith('if_inet6')
    ? digits
    : (digits.match(WORDS_OF_FOUR) ?? []).map((word) => (word.match(/../g) ?? []).reverse().join('')).join('');
  if (/^0{20}f{4}/i.test(bytes)) return null;
  return shortV6((bytes.match(/.{4}/g) ?? []).map((part) => Number.parseInt(part, 16).toString(16)).join(':'));
}

/** As people write it: the longest run of zeros left out. */
function shortV6(address: string): string {
  const runs = [...address.matchAll(/(?:^|:)0(?::0)+(?::|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const [run] = runs;
  return run === undefined ? address : `${address.slice(0, run.index)}::${address.slice(run.index + run[0].length)}`;
}

function digitsOf(address: string, path: string): string | null {
  const hex = (number: number, length: number): string => number.toString(16).padStart(length, '0');
  if (!address.includes(':'))
    return address
      .split('.')
      .map((part) => hex(Number(part), 2))
      .reverse()
      .join('')
      .toUpperCase();
  const [before = '', after = ''] = address.split('::');
  const left = before === '' ? [] : before.split(':');
  const right = after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const bytes = [...left, ...zeros, ...right].map((part) => hex(Number.parseInt(part, 16), 4)).join('');
  if (path.endsWith('if_inet6')) return bytes;
  return (bytes.match(WORDS_OF_FOUR) ?? [])
    .map((word) => (word.match(/../g) ?? []).reverse().join(''))
    .join('')
    .toUpperCase();
}

const HEX_ADDRESS = /(?<![\dA-Za-z])(?:[\dA-Fa-f]{32}|[\dA-Fa-f]{8}(?=:[\dA-Fa-f]{4}(?![\dA-Za-z])))(?![\dA-Za-z])/g;

function hexAddresses(path: string, text: string): readonly string[] {
  if (!isNet(path)) return [];
  return [...text.matchAll(HEX_ADDRESS)].flatMap(([digits]) => addressOf(path, digits) ?? []);
}

function withHexAddresses(path: string, text: string, names: Names): string {
  return text.replace(HEX_ADDRESS, (digits) => {
    const address = addressOf(path, digits);
    if (address === null) return digits;
    const hidden = names.hide(address);
    return hidden === address ? digits : (digitsOf(hidden, path) ?? digits);
  });
}

function walk(value: unknown, visit: (text: string) => void): void {
  if (typeof value === 'string') visit(value);
  else if (Array.isArray(value)) for (const each of value) walk(each, visit);
  else if (typeof value === 'object' && value !== null)
    for (const [name, each] of Object.entries(value)) {
      visit(name);
      walk(each, visit);
    }
}

/** The verb, who asks, and which tool or probe it is are words of ours. */
function mappedQuestion(question: readonly unknown[], names: Names): readonly unknown[] {
  const [verb] = question;
  const fixed = verb === 'run' || verb === 'probe' ? 2 : 1;
  return question.map((word, at) =>
    at < fixed || word === 'self' || word === 'target'
      ? word
      : verb === 'access' && at > 1
        ? word
        : mappedOf(word, names),
  );
}

/** Fields whose words are ours, the kernel's or a standard's. */
const OURS = new Set('kind mode fstype errno stage damage digest arch signal recordedAt'.split(' '));

function mappedOf(value: unknown, names: Names): unknown {
  if (typeof value === 'string') return names.hide(value);
  if (Array.isArray(value)) return value.map((each) => mappedOf(each, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      typeof each === 'string' && OURS.has(name) ? each : mappedOf(each, names),
    ]),
  );
}
