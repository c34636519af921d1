import { isLoopback, parseIp, parseListenAddress, splitHostPort } from '../../buildkit/address.ts';
import type { Container, Probe } from '../../documents/container.ts';
import { addressesOf, asksAt, flagOf, listensOn, type Setup } from '../../documents/setup.ts';
import { type Described, type DocumentSubject, described } from '../../documents/subject.ts';
import { field, fieldAt, fields, items, type Place, textAt, textOf } from '../../documents/tree.ts';
import type { Check } from '../../model/decide.ts';
import { type ContainerEvidence, type Judging, judging, unless } from './judging.ts';

const needs = { document: described };

export const containerAddress: Check<typeof needs, ContainerEvidence, DocumentSubject> = {
  id: 'container/address',
  title: 'buildkitd listens where its clients and probes ask, and not for everybody',
  why: 'A probe that asks the wrong address restarts a healthy buildkitd, a client that does ends its build, and whoever reaches a TCP port without TLS builds as buildkitd may.',
  decides: true,
  conditions: [
    'tls.server-missing',
    'tls.server-pair',
    'socket.permission',
    'config.bad-address',
    'probe.address',
    'env.buildkit-host-wrong',
    'service.selector',
    'service.port-mismatch',
  ],
  needs,
  examine({ document }) {
    const judge = judging(document);
    for (const setup of document.setups) {
      if (setup.role !== 'daemon') continue;
      judgeAddresses(judge, setup);
      for (const probe of setup.container.probes) judgeProbe(judge, setup, probe);
    }
    for (const pod of document.pods) judgeClients(judge, document, pod.containers);
    judgeServices(judge, document);
    return judge.found;
  },
};

const portOf = (address: string): string | null => {
  const parsed = parseListenAddress(address);
  if (parsed.scheme !== 'tcp') return null;
  const split = splitHostPort(parsed.hostPort);
  return split.error === null ? split.port : null;
};

function isForOthers(address: string): boolean {
  const parsed = parseListenAddress(address);
  if (parsed.scheme !== 'tcp') return false;
  const split = splitHostPort(parsed.hostPort);
  if (split.error !== null) return false;
  const ip = parseIp(split.host);
  return split.host !== 'localhost' && (ip === null || !isLoopback(ip));
}

const hasTls = (setup: Setup): boolean => flagOf(setup, 'tlscert') !== undefined;

function judgeAddresses({ say }: Judging, setup: Setup): void {
  const { container, flavour, uid, official, unsure } = setup;
  // A configuration that is mounted may bring certificates.
  const given = addressesOf(setup);
  const open = given.find(({ value }) => isForOthers(value));
  if (open !== undefined && !hasTls(setup) && flagOf(setup, 'config') === undefined)
    say(
      'tls.server-missing',
      'warning',
      open.at,
      `${open.value} is served without TLS: whoever reaches the port builds, and reads what buildkitd may.`,
      'tls',
      { container },
    );
  judgeCertificates({ say } as Judging, setup);
  for (const { value, at } of given) {
    if (/[$]/.test(value)) continue;
    const parsed = parseListenAddress(value);
    const about = { container, values: { address: value } };
    if (parsed.scheme === null)
      say('config.bad-address', unless(unsure, 'error'), at, `buildkitd ends: ${parsed.why}.`, 'bad-address', about);
    if (parsed.scheme !== 'unix' || flavour !== 'rootless' || uid === 0 || !official) continue;
    const directory = parsed.path.slice(0, parsed.path.lastIndexOf('/'));
    if (
      !/^\/(?:run(?!\/user\/1000)|var|etc)(?:\/|$)/.test(parsed.path) ||
      container.mounts.some(({ target }) => directory === target || directory.startsWith(`${target}/`))
    )
      continue;
    say(
      'socket.permission',
      unless(unsure, 'error'),
      at,
      `uid 1000 may not make ${directory}: buildkitd ends.`,
      'socket-place',
      about,
    );
  }
}

/** Certificate and key: both, and mounted. */
function judgeCertificates({ say }: Pick<Judging, 'say'>, setup: Setup): void {
  const { container, official, unsure } = setup;
  const [cert, key, ca] = ['tlscert', 'tlskey', 'tlscacert'].map((name) => flagOf(setup, name));
  const about = { container };
  const alone = cert ?? key;
  if (alone !== undefined && (cert === undefined || key === undefined))
    say(
      'tls.server-pair',
      unless(unsure, 'error'),
      alone.at,
      `--${alone.name} is given without --${cert === undefined ? 'tlscert' : 'tlskey'}: buildkitd ends.`,
      'tls',
      about,
    );
  if (!official) return;
  for (const flag of [cert, key, ca]) {
    if (flag === undefined || !flag.value.startsWith('/') || /[$]/.test(flag.value)) continue;
    if (
      container.mounts.some(
        ({ target }) => flag.value === target || flag.value.startsWith(target === '/' ? '/' : `${target}/`),
      )
    )
      continue;
    say(
      'tls.server-missing',
      unless(unsure, 'error'),
      flag.at,
      `Nothing is mounted where --${flag.name} names ${flag.value}: buildkitd ends.`,
      'tls-files',
      about,
    );
  }
}

/** Where a probe's buildctl asks. */
function askedBy(setup: Setup, words: readonly string[]): string | null {
  const text = words.join(' ');
  const given = /--addr(?:=|\s+)["']?([^\s"']+)/.exec(text)?.[1] ?? /\bBUILDKIT_HOST=["']?([^\s"']+)/.exec(text)?.[1];
  return given ?? asksAt(setup);
}

/** Does an address that is asked lead to one that is served? */
function isServed(asked: string, served: readonly string[]): boolean {
  if (/[$]/.test(asked)) return true;
  const port = portOf(asked);
  if (port !== null)
    return served.some((address) => /[$]/.test(address) || address.startsWith('fd://') || portOf(address) === port);
  const path = asked.replace(/^unix:\/\//, '').replace(/^\/var\/run\//, '/run/');
  return served.some(
    (address) =>
      /[$]/.test(address) ||
      address.startsWith('fd://') ||
      address.replace(/^unix:\/\//, '').replace(/^\/var\/run\//, '/run/') === path,
  );
}

function judgeProbe({ say }: Judging, setup: Setup, probe: Probe): void {
  const { container, official, flavour, unsure } = setup;
  if (!official || flavour === 'unknown' || flagOf(setup, 'config') !== undefined) return;
  const served = listensOn(setup);
  const consequence = {
    readiness: 'the pod is never ready',
    liveness: 'buildkitd is restarted again and again',
    startup: 'the container is restarted again and again',
    health: 'the container is never healthy',
  }[probe.kind];
  const fail = (why: string): void =>
    say(
      'probe.address',
      unless(unsure, probe.kind === 'health' ? 'warning' : 'error'),
      probe,
      `${why}, so ${consequence}.`,
      'probe',
      { container, values: { served: served.join(' ') } },
    );
  if (probe.by === 'http') {
    fail('buildkitd answers no HTTP requests of this kind');
    return;
  }
  if (probe.by !== 'exec') {
    const named = items(field(container.yaml ?? container.pod.spec, 'ports')).find(
      (port) => textOf(field(port, 'name')) === probe.port,
    );
    const port = named === undefined ? probe.port : textOf(field(named, 'containerPort'));
    if (probe.by === 'grpc' && hasTls(setup)) {
      fail('buildkitd serves TLS, which probes of the kind grpc do not speak');
      return;
    }
    if (port === null || !served.some((address) => portOf(address) === port || /[$]/.test(address)))
      fail(`buildkitd does not listen on port ${probe.port}`);
    else if (served.every((address) => !isForOthers(address) || portOf(address) !== port))
      fail(
        `the kubelet asks the address of the pod, and buildkitd listens on ${served.find((address) => portOf(address) === port)} alone`,
      );
    return;
  }
  if (!probe.words.some((word) => /\bbuildctl\b/.test(word))) return;
  const asked = askedBy(setup, probe.words);
  if (asked !== null && portOf(asked) !== null && hasTls(setup) && !/--tls/.test(probe.words.join(' '))) {
    fail(`${asked} is served with TLS, and the probe has no certificate`);
    return;
  }
  if (asked === null || isServed(asked, served)) return;
  fail(`the probe asks ${asked}, and buildkitd listens on ${served.join(' and ')}`);
}

interface Asking extends Place {
  readonly address: string;
}

/** Addresses that a container's scripts and variables name. */
function asks(container: Container): readonly Asking[] {
  const words = [
    ...(container.entrypoint ?? []),
    ...(container.args ?? []),
    ...(container.script === null ? [] : [container.script]),
  ];
  const named = words.flatMap((word, index) => {
    const direct = word.value
      .split(/[\n|;&]/)
      .filter((command) => /\bbuildctl\b/.test(command))
      .flatMap((command) => {
        const address = /--addr[= ]["']?((?:unix|tcp):\/\/[^\s"']+)/.exec(command)?.[1];
        return address === undefined ? [] : [{ ...word, address }];
      });
    const before = words[index - 1]?.value ?? '';
    return /^--addr$/.test(before) && /buildctl$/.test(words[0]?.value ?? '')
      ? [...direct, { ...word, address: word.value }]
      : direct;
  });
  const variables = container.env.flatMap((variable) =>
    variable.name === 'BUILDKIT_HOST' && variable.value !== null ? [{ ...variable, address: variable.value }] : [],
  );
  return [...named, ...variables];
}

/** A client beside a daemon asks where that does not answer. */
function judgeClients({ say }: Judging, { setups }: Described, containers: readonly Container[]): void {
  const daemons = setups.filter(({ role, container }) => role === 'daemon' && containers.includes(container));
  if (daemons.length === 0) return;
  for (const client of containers) {
    if (daemons.some(({ container }) => container === client)) continue;
    const said = new Set<string>();
    for (const asked of asks(client)) {
      if (said.has(asked.address)) continue;
      said.add(asked.address);
      const answer = daemons.some((daemon) => reaches(asked.address, client, daemon));
      if (answer) continue;
      const served = daemons.flatMap(listensOn);
      say(
        'env.buildkit-host-wrong',
        'error',
        asked,
        `${asked.address} is asked here, and buildkitd beside it listens on ${served.join(' and ')}.`,
        'client',
        { container: client, values: { served: served.join(' ') } },
      );
    }
  }
}

function reaches(address: string, client: Container, daemon: Setup): boolean {
  const { container } = daemon;
  const served = listensOn(daemon);
  const tcp = parseListenAddress(address);
  if (tcp.scheme === 'tcp') {
    const split = splitHostPort(tcp.hostPort);
    if (split.error !== null || /[$]/.test(address)) return true;
    const host = split.host;
    const isLocal = host === 'localhost' || host.startsWith('127.') || host === '[::1]' || host === '::1';
    if (container.engine === 'kubernetes') return !isLocal || isServed(address, served);
    if (!isLocal && host !== container.name) return true;
    return isServed(address, served) && (isLocal ? container === client : served.some(isForOthers));
  }
  if (tcp.scheme !== 'unix') return true;
  if (!isServed(address, served)) return false;
  // A socket is a file: both need the directory.
  const directory = tcp.path.slice(0, tcp.path.lastIndexOf('/'));
  const shares = ({ mounts }: Container): readonly string[] =>
    mounts
      .filter(({ target }) => directory === target || directory.startsWith(`${target}/`))
      .map(({ volume }) => volume?.name ?? '');
  const theirs = shares(container);
  return shares(client).some((name) => theirs.includes(name));
}

/** Services in the file that are meant for a daemon in the file. */
function judgeServices({ say }: Judging, { objects, setups }: Described): void {
  const daemons = setups.filter(
    ({ role, container }) => role === 'daemon' && container.pod.object !== null && !container.pod.partial,
  );
  if (daemons.length === 0) return;
  for (const service of objects) {
    if (service.kind !== 'Service') continue;
    const selector = fields(fieldAt(service.cursor, 'spec', 'selector'));
    if (selector.length === 0) continue;
    const ports = items(fieldAt(service.cursor, 'spec', 'ports'));
    const matched = daemons.filter((daemon) =>
      selector.every((wanted) => labelOf(daemon, wanted.key) === textOf(wanted)),
    );
    if (matched.length === 0) {
      const meant = ports.some((port) =>
        daemons.some((daemon) => listensOn(daemon).some((address) => portOf(address) === textOf(field(port, 'port')))),
      );
      if (meant)
        say(
          'service.selector',
          'warning',
          fieldAt(service.cursor, 'spec', 'selector'),
          `The Service ${service.name ?? ''} selects none of the pods in this file, whose buildkitd listens on its port.`,
          'selector',
        );
      continue;
    }
    for (const port of ports) {
      const target = textAt(field(port, 'targetPort')) ?? textAt(field(port, 'port'));
      if (target === null) continue;
      if (matched.some((daemon) => serves(daemon, target.value))) continue;
      say(
        'service.port-mismatch',
        'warning',
        target,
        `The Service ${service.name ?? ''} leads to port ${target.value}, where no container of the pod listens.`,
        'port',
        { values: { port: target.value } },
      );
    }
  }
}

function labelOf({ container }: Setup, key: string): string | null {
  const { metadata } = container.pod;
  return metadata === null ? null : textOf(fieldAt(metadata, 'labels', key));
}

/** Another container of the pod may serve a port that it names. */
function serves(setup: Setup, target: string): boolean {
  const { container } = setup;
  const named = container.pod.containers.flatMap(({ yaml, ports }) => [
    ...items(field(yaml ?? container.pod.spec, 'ports')).flatMap((port) =>
      textOf(field(port, 'name')) === target ? [textOf(field(port, 'containerPort')) ?? ''] : [],
    ),
    ...(yaml === container.yaml ? [] : ports.map(({ value }) => value)),
  ]);
  const wanted = /^\d+$/.test(target) ? [target] : named;
  const served = listensOn(setup);
  if (flagOf(setup, 'config') !== undefined || served.some((address) => /[$]/.test(address))) return true;
  return (
    wanted.some((port) => served.some((address) => portOf(address) === port)) ||
    (/^\d+$/.test(target) && named.includes(target))
  );
}
