import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { choose } from '../../src/cli/call/consent.ts';
import type { Session } from '../../src/cli/call/session.ts';
import type { Report, TreatmentReport } from '../../src/model/say.ts';
import { historyText } from '../../src/report/history.ts';
import { pageText } from '../../src/report/page.ts';
import { planText, proposalsOf } from '../../src/report/plan.ts';
import { type ReportLayout, terminal } from '../../src/report/terminal.ts';
import { roundText, stoppedText, unchangedText } from '../../src/report/treated.ts';
import { type VerificationAnswer, verificationText } from '../../src/report/verification.ts';
import { widthOf } from '../../src/text/wrap.ts';
import { assessed } from '../assessed.ts';
import type { Machine } from '../hosts/machine.ts';
import { MACHINES, openMachine } from '../hosts/machines.ts';
import { commands, layout } from './everything.ts';

/** The terminals of the files: what people have, what is narrow, and what can show neither colour nor signs. */
const TERMINALS: { readonly [name: string]: Pick<ReportLayout, 'columns' | 'colour' | 'unicode'> } = {
  '80 columns': { columns: 80, colour: false, unicode: true },
  '80 columns, in colour': { columns: 80, colour: true, unicode: true },
  '80 columns, ASCII (TERM=dumb, LANG=C)': { columns: 80, colour: false, unicode: false },
  '120 columns': { columns: 120, colour: false, unicode: true },
  '40 columns': { columns: 40, colour: false, unicode: true },
};
type Draw = (look: ReportLayout) => string;

const TALL = 24;

function reportOf(machine: Machine): Promise<Report> {
  const { host, request } = openMachine(machine);
  return assessed(host, request);
}
function machine(id: string): Machine {
  const found = MACHINES.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no machine ${id}`);
  return found;
}
const healthy = machine('H09');
const CONFIG = '/home/alice/.config/buildkit/buildkitd.toml';
const noRange = await reportOf(machine('H18-none'));
const ready = await reportOf(healthy);
const withConfig = (text: string): Promise<Report> =>
  reportOf({ ...healthy, id: 'X', like: 'H09', listing: `${CONFIG} -> ${text}` });
const broken = await withConfig('[worker.oci');
const misnamed = await withConfig('worker.oci.snapshotter = "overlay2"');

const cured: TreatmentReport = {
  check: 'net/ports',
  result: 'cured',
  transaction: '1.1',
  message: null,
  until: null,
  steps: [
    {
      do: 'edit',
      as: 'target',
      path: CONFIG,
      expects: 'x',
      edit: {
        edit: 'toml',
        changes: [{ change: 'set', path: ['grpc', 'address', '1'], value: 'tcp://127.0.0.1:18125' }],
      },
      mode: 0o644,
      owner: { uid: 1000, gid: 1000 },
    },
    {
      do: 'tell',
      as: 'target',
      text: 'Clients that use tcp://127.0.0.1:18124 must use port 18125 from now on: buildctl --addr, BUILDKIT_HOST, and docker buildx create --driver remote.',
    },
  ],
  diff: `--- ${CONFIG}\n+++ ${CONFIG}\n@@ -2,1 +2,1 @@\n-  address = [ "tcp://127.0.0.1:18124" ] # and this one\n+  address = [ "tcp://127.0.0.1:18125" ] # and this one\n`,
};
const made: readonly TreatmentReport[] = [
  {
    ...cured,
    check: 'idmap/ranges',
    transaction: '3.1',
    steps: noRange.checks.find(({ id }) => id === 'idmap/ranges')?.fixes[0]?.steps ?? [],
  },
  { ...cured, transaction: '3.2' },
];
const failed: VerificationAnswer = {
  schema: 1,
  ok: false,
  stages: [
    { name: 'start', ok: false, durationMs: 432, message: 'buildkitd ended before it was ready.' },
    { name: 'clean-up', ok: true, durationMs: 5, message: null },
  ],
  snapshotter: null,
  log: [
    'time="2026-11-28T04:35:00Z" level=warning msg="using host network as the default"',
    'buildkitd: failed to parse config: toml: expected character ]',
  ],
  diagnoses: broken.checks
    .filter(({ status }) => status === 'fail')
    .flatMap(({ id, problems, docs, why }) =>
      problems.map(({ condition, message }) => ({ check: id, condition, message, docs, why, remedy: [] })),
    ),
  told: [],
};
const report =
  (shown: Report, more: Partial<ReportLayout> = {}): Draw =>
  (look) =>
    terminal(shown, { ...look, ...more });

const SCREENS: { readonly [name: string]: Draw } = {
  '1-check': report(noRange),
  '2-fixed': report(
    { ...ready, changed: true, treatments: [cured] },
    { commands: { ...commands, verify: 'bk-doctor verify' } },
  ),
  '3-stopped': (look) => stoppedText(made, commands, look) ?? '',
  '4-second-round': () =>
    `bk-doctor: ${roundText({ round: 2, treated: ['idmap/ranges', 'runtime/session'], anew: ['storage/ownership'], more: ['userns/probe'] })}\n`,
  '5-question': (look) => planText(proposalsOf(misnamed, [{ check: 'config/buildkitd', fix: 0 }]), look),
  '6-verify': (look) => verificationText({ answer: failed, next: 'bk-doctor check --only config/buildkitd' }, look),
  '7-syntax': report(broken),
  '8-show': (look) =>
    pageText(readFileSync(new URL('../../docs/checks/idmap/ranges.md', import.meta.url), 'utf8'), look),
  '9-nothing-to-repair': report(broken, { lead: unchangedText(broken) }),
  '10-history': (look) =>
    historyText(
      [
        {
          id: '3',
          at: '2026-11-28T04:35:00Z',
          user: 'root',
          target: 'alice',
          transactions: made.map(({ check, transaction, steps }, index) => ({
            id: transaction ?? '',
            check,
            state: index === 0 ? 'applied' : 'taken-back',
            steps,
          })),
        },
      ],
      look,
    ),
};

describe.each(Object.entries(SCREENS))('screen %s', (name, draw) => {
  test('is as in its file', async () => {
    const drawn = Object.entries(TERMINALS).map(
      ([terminalName, look]) => `======== ${terminalName}\n${draw({ ...layout, ...look }).replaceAll('\u001b', '␛')}`,
    );
    const path = fileURLToPath(new URL(`screens/${name}.txt`, import.meta.url));
    await expect(drawn.join('\n')).toMatchFileSnapshot(path);
  });

  test('colour only repeats what is said, and ASCII is ASCII', () => {
    const plain = draw({ ...layout, colour: false });
    expect(draw({ ...layout, colour: true }).replace(/\u001b\[\d+m/g, '')).toBe(plain);
    expect(draw({ ...layout, unicode: false })).toMatch(/^[\n\x20-\x7e]*$/);
  });

  test('at 40 columns only what cannot be broken is longer', () => {
    const long = draw({ ...layout, columns: 40 })
      .split('\n')
      .filter((line) => widthOf(line) > 40 && line.trim().split(' ').length > 1);
    // What is to be copied stays whole: commands, lines of files and of diffs.
    expect(long.filter((line) => !/^\s{4}|^ {2}[-+=]|bk-doctor|address|^Run 3/.test(line))).toEqual([]);
  });
});

test.each(['1-check', '7-syntax', '9-nothing-to-repair'])(
  '%s fits on a small terminal, with cause, fix and next step',
  (name) => {
    const text = SCREENS[name]?.(layout) ?? '';
    expect(text.split('\n').length - 1, text).toBeLessThan(TALL);
    for (const part of [/^✗ FAIL/m, /^( {2}(Risky fix|Fix|By hand)|then: )/m, /^NOT READY: /m, /^Next: /m])
      expect(text).toMatch(part);
  },
);

test('a snapshotter that does not exist is told once, by the check of the file that names it', () => {
  const text = terminal(misnamed, layout);
  expect(text.match(/^. (FAIL|WARN) .*/gm)).toEqual(['✗ FAIL  config/buildkitd']);
  expect(misnamed.verdict.summary).toMatch(/\(config\/buildkitd\)/);
});

test('the question on a terminal that cannot draw is one line, and n changes nothing', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let shown = '';
  stderr.on('data', (text) => {
    shown += String(text);
  });
  const session = {
    streams: { stdin, stdout: stderr, stderr, env: { TERM: 'dumb', LANG: 'C' } },
    signal: new AbortController().signal,
  } as unknown as Session;
  const planned = proposalsOf(misnamed, [{ check: 'config/buildkitd', fix: 0 }]).map((one) => ({ ...one, title: '' }));
  const asked = choose(session, { color: undefined } as never, planned, false);
  stdin.write('n\n');
  expect(await asked).toEqual([]);
  expect(shown.split('\n').at(-1)).toBe('Apply this repair? [Y/n] ');
});
