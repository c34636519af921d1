import { parseIp, parseListenAddress, splitHostPort } from '../../buildkit/address.ts';
import { lineOf } from '../../buildkit/config/line-of.ts';
import { keyText } from '../../buildkit/config/schema-tree.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { type Listener, listeners } from '../../facts/config/listeners.ts';
import { settings } from '../../facts/config/settings.ts';
import { type PemFile, serverTls } from '../../facts/config/tls.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';
import type { UnseenReason } from '../../model/look.ts';
import { octal } from '../../text/octal.ts';

export interface TlsEvidence {
  readonly key: string;
  readonly line: number | null;
  readonly path: string;
  /** The certificate, key or CA file concerned; null where none is named. */
  readonly file: string | null;
  readonly prints: string | null;
  readonly advice: string | null;
  /** For a key that others can read: its mode, and whether the target owns it. */
  readonly mode: number | null;
  readonly owned: boolean;
}

const needs = { config: configFile, settings, listeners, tls: serverTls, identity };

const DAY = 86_400_000;
/** A certificate that ends within this time is worth a word. */
const SOON_DAYS = 30;

export const configTls: Check<typeof needs, TlsEvidence> = {
  id: 'config/tls',
  title: 'TCP listeners are protected by TLS that works',
  why: 'Whoever reaches a listener without TLS builds with the rights of buildkitd; a certificate or key that does not load keeps buildkitd from starting.',
  decides: true,
  conditions: [
    'tls.server-missing',
    'tls.server-pair',
    'tls.server-expired',
    'tls.key-exposed',
    'tls.clients-unverified',
  ],
  needs,
  examine({ config, settings: options, listeners: { all, ownNetwork, published }, tls, identity: who }) {
    const problems: Problem<TlsEvidence>[] = [];
    const unseen: UnseenReason[] = [];
    const { cert, key, ca } = options.tls;
    const report = (
      condition: Condition,
      severity: Severity,
      at: string,
      subject: string,
      message: string,
      more: Partial<TlsEvidence> = {},
    ): void => {
      const line = lineOf(config.content, at);
      problems.push({
        condition,
        severity,
        subject,
        message,
        evidence: {
          key: keyText(at.split('.')),
          line,
          path: config.path,
          file: null,
          prints: null,
          advice: null,
          mode: null,
          owned: false,
          ...more,
        },
      });
    };
    const open = all.filter((listener) => exposed(listener));
    const tcp = all.filter(
      ({ use, address }) => use === 'grpc' && (address.scheme === 'tcp' || address.scheme === 'fd'),
    );
    const on = cert.value !== null && key.value !== null;

    if ((cert.value === null) !== (key.value === null)) {
      const [there, missing] = cert.value !== null ? ['cert', 'key'] : ['key', 'cert'];
      report(
        'tls.server-pair',
        'error',
        `grpc.tls.${there}`,
        `grpc.tls.${missing}`,
        `grpc.tls.${there} is set, but grpc.tls.${missing} is not: buildkitd does not start.`,
        {
          prints: 'you must specify key and cert file if one is specified',
          advice: `Set grpc.tls.${missing} too, or remove grpc.tls.${there}.`,
        },
      );
    }
    if (cert.value === null && key.value === null && ca.value !== null)
      report(
        'tls.server-missing',
        tcp.length > 0 ? 'warning' : 'info',
        'grpc.tls.ca',
        'grpc.tls.ca',
        'grpc.tls.ca alone does nothing: without cert and key there is no TLS at all.',
        {
          file: ca.value,
          advice: 'Set grpc.tls.cert and grpc.tls.key as well, or remove grpc.tls.ca.',
        },
      );

    const files: readonly (readonly [string, PemFile | null, string])[] = [
      ['cert', on ? tls.cert : null, 'could not load server key pair'],
      ['key', on ? tls.key : null, 'could not load server key pair'],
      ['ca', on ? tls.ca : null, 'could not read ca certificate'],
    ];
    let whole = true;
    for (const [name, file, prints] of files) {
      if (file === null) continue;
      if (file.unseen !== null) {
        unseen.push(file.unseen);
        whole = false;
        continue;
      }
      const why = complaint(name, file);
      if (why === null) continue;
      whole = false;
      const ours = who.mode === 'rootless' && file.stat !== null && file.stat.uid === who.target.uid && !file.readable;
      if (ours)
        unseen.push({
          why: `${file.path} could not be read from here`,
          command: `sudo openssl x509 -noout -dates -in ${file.path}`,
        });
      else
        report(
          'tls.server-missing',
          'error',
          `grpc.tls.${name}`,
          file.path,
          `grpc.tls.${name} names ${file.path}, and ${why}: buildkitd does not start.`,
          {
            file: file.path,
            prints: name === 'ca' && file.stat !== null && file.readable ? 'failed to append ca cert' : prints,
            advice: `Put a ${name === 'key' ? 'private key' : 'certificate'} in PEM form at ${file.path} that the account of buildkitd can read.`,
          },
        );
    }
    if (whole && tls.match !== null && tls.match.matches !== true) {
      if (tls.match.matches === false || /passphrase|encrypted|password/i.test(tls.match.error ?? ''))
        report(
          'tls.server-pair',
          'error',
          'grpc.tls.key',
          key.value ?? '',
          tls.match.matches === false
            ? `The key ${key.value} does not belong to the certificate ${cert.value}: buildkitd does not start.`
            : `The key ${key.value} is protected by a password, which nobody can give to buildkitd: it does not start.`,
          {
            file: key.value,
            prints: 'could not load server key pair',
            advice:
              tls.match.matches === false
                ? 'Name the key that the certificate was made with, or have a new certificate made.'
                : 'Store the key without a password, readable by the account of buildkitd only.',
          },
        );
      else
        unseen.push({
          why: `whether ${key.value} belongs to ${cert.value} could not be told: ${tls.match.error ?? 'unknown'}`,
        });
    }

    const serves = on && tcp.length > 0;
    for (const [name, file] of [
      ['cert', tls.cert],
      ['ca', on ? tls.ca : null],
    ] as const) {
      const first = name === 'cert' ? file?.pem?.certificates.slice(0, 1) : file?.pem?.certificates;
      if (file === null || first === undefined || first.length === 0) continue;
      const dates = first.map(({ notAfter, notBefore }) => ({ from: Date.parse(notBefore), to: Date.parse(notAfter) }));
      const last = Math.max(...dates.map(({ to }) => to));
      const begin = Math.min(...dates.map(({ from }) => from));
      const what = name === 'cert' ? 'The server certificate' : 'The CA for clients';
      const bad = serves ? 'error' : 'warning';
      const effect = name === 'cert' ? 'clients refuse it' : 'clients are refused';
      if (last < tls.now)
        report(
          'tls.server-expired',
          bad,
          `grpc.tls.${name}`,
          file.path,
          `${what} ${file.path} ended on ${day(last)}: ${effect}.`,
          { file: file.path, advice: 'Have a new certificate made, and restart buildkitd.' },
        );
      else if (begin > tls.now)
        report(
          'tls.server-expired',
          bad,
          `grpc.tls.${name}`,
          file.path,
          `${what} ${file.path} begins only on ${day(begin)}: ${effect} until then. Perhaps the clock is wrong.`,
          { file: file.path, advice: 'Set the clock (timedatectl), or have a new certificate made.' },
        );
      else if (last - tls.now < SOON_DAYS * DAY)
        report(
          'tls.server-expired',
          'warning',
          `grpc.tls.${name}`,
          file.path,
          `${what} ${file.path} ends on ${day(last)}, in ${Math.floor((last - tls.now) / DAY)} days.`,
          { file: file.path, advice: 'Have a new certificate made, and restart buildkitd then.' },
        );
    }
    if (tls.key?.stat != null && (tls.key.stat.mode & 0o044) !== 0) {
      const { mode, uid, gid } = tls.key.stat;
      const everybody = (mode & 0o004) !== 0;
      if (everybody || gid !== who.target.gid)
        report(
          'tls.key-exposed',
          'warning',
          'grpc.tls.key',
          tls.key.path,
          `The private key ${tls.key.path} can be read by ${everybody ? 'everybody' : `the group ${gid}`} (mode ${octal(mode)}): whoever has it can pass for this buildkitd.`,
          {
            file: tls.key.path,
            mode,
            owned: uid === who.target.uid && uid !== 0,
            advice: `chmod 0600 ${tls.key.path}`,
          },
        );
    }

    for (const { text, key: at, use, index } of open) {
      const line = lineOf(config.content, at, index);
      if (ownNetwork && published.length === 0) continue;
      if (use === 'debug')
        report(
          'tls.server-missing',
          'warning',
          at,
          text,
          `The debug address ${text} is open to the network and never has TLS: it shows memory and stacks of buildkitd to everybody.`,
          {
            line,
            advice: 'Bind it to 127.0.0.1.',
          },
        );
      else if (!on)
        report(
          'tls.server-missing',
          'warning',
          at,
          text,
          `${text} is open to the network without TLS: everybody who reaches it builds with the rights of buildkitd.`,
          {
            line,
            advice: 'Set grpc.tls.cert, grpc.tls.key and grpc.tls.ca, or listen on 127.0.0.1 or a Unix socket only.',
          },
        );
      else if (ca.value === null)
        report(
          'tls.clients-unverified',
          'warning',
          at,
          text,
          `${text} has TLS, but without grpc.tls.ca no client has to show a certificate: everybody who reaches it may build.`,
          {
            line,
            advice: 'Set grpc.tls.ca to the certificate that signs those of the clients.',
          },
        );
    }
    return { problems, unseen };
  },
};

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Why buildkitd cannot load a file; null when it can. */
function complaint(name: string, { stat, pem, readable }: PemFile): string | null {
  if (stat === null) return 'it does not exist';
  if (stat.kind !== 'file') return `it is a ${stat.kind}`;
  if (!readable) return 'it may not be read by the account that runs buildkitd';
  if (pem === null) return null;
  if (pem.error !== null) return `it cannot be read (${pem.error})`;
  if (name === 'key') return pem.privateKeys > 0 ? null : 'it holds no private key';
  return pem.certificates.length > 0 ? null : 'it holds no certificate';
}

/** Can others than this host reach it? */
function exposed({ use, address, text }: Listener): boolean {
  if (address.scheme !== 'tcp' || use === 'otel') return false;
  const hostPort = text.includes('://') ? parseListenAddress(text) : address;
  if (hostPort.scheme !== 'tcp') return false;
  const split = splitHostPort(hostPort.hostPort);
  if (split.error !== null) return false;
  if (split.host === 'localhost') return false;
  const ip = parseIp(split.host);
  if (ip === null) return true;
  const four = ip.bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 255));
  const loopback = four ? ip.bytes[12] === 127 : ip.bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
  return !loopback;
}
