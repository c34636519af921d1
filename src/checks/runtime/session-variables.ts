import { LEVELS } from '../../buildkit/log-levels.ts';
import { proxyFor } from '../../buildkit/proxy.ts';
import { type Release, surelyBefore, surelySince } from '../../buildkit/version.ts';
import type { Condition, Severity } from '../../model/decide.ts';
import type { SessionCase } from './session-case.ts';

/** BUILDKITD_LOG_LEVEL is read since then, and client connections go through a proxy since then (grpc v1.71). */
const LOG_LEVEL_SINCE: Release = [0, 30, 0];
const PROXY_SINCE: Release = [0, 23, 0];

/** Variables whose value alone ends buildkitd, or every client of this session. */
export function judgeVariables(session: SessionCase): void {
  const { variables } = session.facts.environment;
  const values = valuesOf(session);
  const add = (condition: Condition, severity: Severity, variable: string, then: string): void =>
    session.add(condition, severity, variable, `${variable} is ${JSON.stringify(values[variable] ?? '')}: ${then}`, {
      kind: 'variable',
      variable,
      source: variables[variable]?.source ?? null,
    });
  const limit = values.GOMEMLIMIT ?? '';
  if (limit !== '' && limit !== 'off' && !isByteCount(limit))
    add(
      'env.go-memory-limit',
      'error',
      'GOMEMLIMIT',
      'every program in Go, rootlesskit and buildkitd among them, ends at once with "malformed GOMEMLIMIT"',
    );
  judgeLogLevel(session, add);
  // A client of this session reads them; what the unit or another account's session has, nobody knows.
  const epoch = variables.SOURCE_DATE_EPOCH;
  if (epoch?.source === 'process' && epoch.value !== '' && !/^[+-]?\d+$/.test(epoch.value))
    add(
      'env.source-date-epoch',
      'error',
      'SOURCE_DATE_EPOCH',
      'buildctl passes it on, and every build of a Dockerfile fails with "invalid SOURCE_DATE_EPOCH"',
    );
  judgeProxy(session, add);
}

const valuesOf = ({ facts }: SessionCase): { readonly [name: string]: string } =>
  Object.fromEntries(Object.entries(facts.environment.variables).map(([name, { value }]) => [name, value]));

type Add = (condition: Condition, severity: Severity, variable: string, then: string) => void;

function judgeLogLevel({ facts }: SessionCase, add: Add): void {
  const level = facts.environment.values.BUILDKITD_LOG_LEVEL ?? '';
  if (level === '' || LEVELS.test(level) || surelyBefore(facts.buildkitdVersion, LOG_LEVEL_SINCE)) return;
  if (facts.settings.flags['log-level'] !== undefined) return;
  const sure = surelySince(facts.buildkitdVersion, LOG_LEVEL_SINCE);
  add(
    'config.invalid-value',
    sure ? 'error' : 'warning',
    'BUILDKITD_LOG_LEVEL',
    `buildkitd${sure ? '' : ' from v0.30.0 on'} ends with "unsupported log level"`,
  );
}

function judgeProxy(session: SessionCase, add: Add): void {
  const { environment, listeners, buildkitdVersion } = session.facts;
  const values = valuesOf(session);
  if (surelyBefore(buildkitdVersion, PROXY_SINCE)) return;
  const served = listeners.all.filter(({ use }) => use === 'grpc');
  const caught = served.flatMap(({ text, address }) => {
    const variable = address.scheme === 'tcp' ? proxyFor(address.hostPort, values) : null;
    return variable === null || environment.variables[variable]?.source !== 'process' ? [] : [{ text, variable }];
  });
  const [first] = caught;
  if (first === undefined) return;
  const all = caught.length === served.length;
  add(
    'env.proxy-catches-client',
    all && surelySince(buildkitdVersion, PROXY_SINCE) ? 'error' : 'warning',
    first.variable,
    `buildctl from v0.23.0 on asks the proxy for ${first.text}, which is buildkitd itself`,
  );
}

/** runtime.parseByteCount of Go: digits, then nothing, B, KiB, MiB, GiB or TiB; at most 63 bits. */
function isByteCount(text: string): boolean {
  const found = /^\+?(\d{1,19})(?:B|([KMGT])iB)?$/.exec(text);
  if (found === null) return false;
  const power = BigInt('KMGT'.indexOf(found[2] ?? '') + 1);
  return BigInt(found[1] ?? '0') * 1024n ** (found[2] === undefined ? 0n : power) < 1n << 63n;
}
