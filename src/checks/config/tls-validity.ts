import type { Severity } from '../../model/decide.ts';
import { addOfFile, type TlsCase, type TlsEvidence } from './tls-case.ts';

const DAY = 86_400_000;
/** A certificate that ends within this time is worth a word. */
const SOON_DAYS = 30;

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Whether the certificates are valid today. */
export function judgeValidity(tls: TlsCase): void {
  judgeDates(tls, 'cert', 'The server certificate', 'clients refuse it');
  if (tls.on) judgeDates(tls, 'ca', 'The CA for clients', 'clients are refused');
}

function judgeDates(tls: TlsCase, name: 'cert' | 'ca', what: string, effect: string): void {
  const file = tls.tls[name];
  // The first one is the server's own, whatever follows; any of several CAs may sign clients.
  const counting = name === 'cert' ? file?.pem?.certificates.slice(0, 1) : file?.pem?.certificates;
  if (file === null || counting === undefined || counting.length === 0) return;
  const { now } = tls.tls;
  const last = Math.max(...counting.map(({ notAfter }) => Date.parse(notAfter)));
  const begin = Math.min(...counting.map(({ notBefore }) => Date.parse(notBefore)));
  const bad: Severity = tls.on && tls.tcp ? 'error' : 'warning';
  const add = (severity: Severity, found: TlsEvidence['what'], words: string): void =>
    addOfFile(tls, name, 'tls.server-expired', severity, file.path, `${what} ${file.path} ${words}`, {
      what: found,
      file: file.path,
    });
  if (last < now) add(bad, 'ended', `ended on ${day(last)}: ${effect}.`);
  else if (begin > now)
    add(bad, 'not-begun', `begins only on ${day(begin)}: ${effect} until then. Perhaps the clock is wrong.`);
  else if (last - now < SOON_DAYS * DAY)
    add('warning', 'ends-soon', `ends on ${day(last)}, in ${Math.floor((last - now) / DAY)} days.`);
}
