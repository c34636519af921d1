import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { history } from '../../src/apply/index.ts';
import { needsOf } from '../../src/examine/guarded.ts';
import type { CatalogEntry } from '../../src/model/catalog.ts';
import type { Problem } from '../../src/model/decide.ts';
import type { Step, Treatment } from '../../src/model/plan.ts';
import type { CheckReport, PlannedFix, Report, Status } from '../../src/model/say.ts';
import type { Planned, TreatEvent, TreatOptions } from '../../src/treat/options.ts';
import { treatmentOrder } from '../../src/treat/order.ts';
import { treat, withDiffs } from '../../src/treat/treat.ts';
import { canChangeThings, editStep, Ground } from '../apply/ground.ts';

/** What a check finds in the ground at this moment. */
interface Finding {
  readonly status: Status;
  readonly problems?: readonly (Partial<Omit<Problem, 'condition'>> & { condition: string })[];
  readonly fixes?: readonly Treatment[];
}
type Look = (read: (name: string) => string | null) => Finding;
interface TestCheck {
  readonly id: string;
  readonly after?: readonly string[];
  readonly look: Look;
}

const PASS: Finding = { status: 'pass' };

function reportOf({ id, look }: TestCheck, ground: Ground): CheckReport {
  const read = (name: string): string | null =>
    fs.existsSync(ground.at(name)) ? fs.readFileSync(ground.at(name), 'utf8') : null;
  const { status, problems = [], fixes = [] } = look(read);
  return {
    id,
    title: id,
    why: '',
    decides: true,
    status,
    reason: status === 'unknown' ? 'it could not be seen' : null,
    tell: null,
    problems: problems.map(
      (problem) => ({ severity: 'error', subject: 'x', message: '', evidence: null, ...problem }) as Problem,
    ),
    fixes: fixes.map((fix): PlannedFix => ({ ...fix, needs: needsOf(fix.steps), diff: null })),
    docs: '',
    durationMs: 0,
  };
}

/** A catalog of checks on real files, treated for real. */
function clinic(ground: Ground, checks: readonly TestCheck[], more: Partial<TreatOptions> = {}) {
  const events: TreatEvent[] = [];
  const asked: (readonly Planned[])[] = [];
  let examinations = 0;
  const options: TreatOptions = {
    examine: async () => {
      examinations++;
      return { checks: checks.map((check) => reportOf(check, ground)), treatments: [] } as unknown as Report;
    },
    catalog: checks.map(({ id, after = [] }) => ({ check: { id }, after }) as unknown as CatalogEntry),
    isSelected: () => true,
    automatic: { risky: false },
    consent: async (planned) => {
      asked.push(planned);
      return planned;
    },
    preview: async (steps) => ({ diff: steps.map((step) => step.do).join(' ') }),
    context: ground.context(),
    tell: (event) => events.push(event),
    ...more,
  };
  return { run: () => treat(options), options, events, asked, examinations: () => examinations };
}
const results = (treatments: readonly { check: string; result: string }[]): readonly string[] =>
  treatments.map(({ check, result }) => `${check} ${result}`);

/** Fails until the file says "good"; its fix writes `writes`. */
function fileCheck(
  ground: Ground,
  id: string,
  name: string,
  writes = 'good',
  more: Partial<Treatment> = {},
): TestCheck {
  return {
    id,
    look: (read) => {
      const text = read(name);
      if (text === 'good') return PASS;
      return {
        status: 'fail',
        problems: [{ condition: `${id}.bad` }],
        fixes: [{ for: [0], risk: 'safe', steps: [editStep(ground.at(name), text, writes)], ...more }],
      };
    },
  };
}

test('the order of treatment: catalog order, but what must come first does, and a circle ends', () => {
  const entry = (id: string, ...after: string[]) => ({ check: { id }, after }) as unknown as CatalogEntry;
  expect(treatmentOrder([entry('a', 'c'), entry('b'), entry('c', 'd'), entry('d')])).toEqual(['d', 'c', 'a', 'b']);
  expect(treatmentOrder([entry('a', 'b'), entry('b', 'a')])).toEqual(['b', 'a']);
  expect(treatmentOrder([entry('a', 'nowhere')])).toEqual(['a']);
});

describe.skipIf(!canChangeThings())('treat', () => {
  test('cured is said when fresh facts say so', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const { run, events } = clinic(ground, [fileCheck(ground, 'a/one', 'f')]);
    const { report, treatments } = await run();
    expect(treatments).toMatchObject([
      { check: 'a/one', result: 'cured', transaction: '1.1', message: null, until: null },
    ]);
    expect(report.checks[0]?.status).toBe('pass');
    expect(report.treatments).toEqual(treatments);
    expect(fs.readFileSync(ground.at('f'), 'utf8')).toBe('good');
    expect(events.map(({ event }) => event)).toEqual(['examining', 'applying', 'judged', 'examining']);
  });

  test('a mere note is treated only where its check treats notes, and was named', async () => {
    const ground = new Ground();
    ground.write('f', 'old');
    const noting: TestCheck = {
      id: 'a/note',
      look: (read) =>
        read('f') === 'new'
          ? PASS
          : {
              status: 'pass',
              problems: [{ condition: 'a.old', severity: 'info' }],
              fixes: [{ for: [0], risk: 'safe', steps: [editStep(ground.at('f'), 'old', 'new')] }],
            },
    };
    expect((await clinic(ground, [noting]).run()).treatments).toEqual([]);
    expect((await clinic(ground, [noting], { notes: true }).run()).treatments).toEqual([]);
    const { options } = clinic(ground, [noting], { notes: true });
    const catalog = options.catalog.map((entry) => ({ ...entry, treatsNotes: true as const }));
    expect(results((await treat({ ...options, catalog })).treatments)).toEqual(['a/note cured']);
    expect(fs.readFileSync(ground.at('f'), 'utf8')).toBe('new');
  });

  test('what did not help is taken back', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const before = ground.fingerprint();
    const { treatments } = await clinic(ground, [fileCheck(ground, 'a/one', 'f', 'still bad')]).run();
    expect(treatments).toMatchObject([
      { result: 'still-failing', transaction: '1.1', message: 'the problem is still there, so the change was undone' },
    ]);
    expect(ground.fingerprint()).toBe(before);
  });

  test('less of it is no cure, unless a rule left the rest alone', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const counting: TestCheck = {
      id: 'a/count',
      look: (read) => ({
        status: 'fail',
        problems: [{ condition: 'a.some', severity: 'error', evidence: { foreign: read('f') === 'bad' ? 3 : 1 } }],
        fixes: [{ for: [0], risk: 'safe', steps: [editStep(ground.at('f'), 'bad', 'better')] }],
      }),
    };
    expect(results((await clinic(ground, [counting]).run()).treatments)[0]).toBe('a/count still-failing');
    expect(fs.readFileSync(ground.at('f'), 'utf8')).toBe('bad');
  });

  test('a check that cannot be made any more is no cure', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const before = ground.fingerprint();
    const check = fileCheck(ground, 'a/one', 'f', 'odd');
    const odd: TestCheck = {
      ...check,
      look: (read) => (read('f') === 'odd' ? { status: 'unknown' } : check.look(read)),
    };
    const { treatments } = await clinic(ground, [odd]).run();
    expect(treatments).toMatchObject([
      {
        result: 'still-failing',
        message: 'whether it helped could not be verified (it could not be seen), so the change was undone',
      },
    ]);
    expect(ground.fingerprint()).toBe(before);
  });

  test('so is what made another check worse', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const before = ground.fingerprint();
    const other: TestCheck = {
      id: 'b/other',
      look: (read) =>
        read('f') === 'bad' ? PASS : { status: 'warn', problems: [{ condition: 'b.hurt', severity: 'warning' }] },
    };
    const { treatments, report } = await clinic(ground, [fileCheck(ground, 'a/one', 'f'), other]).run();
    expect(treatments).toMatchObject([
      { result: 'taken-back', message: 'it made b/other worse, so the change was undone' },
    ]);
    expect(ground.fingerprint()).toBe(before);
    expect(report.checks.map(({ status }) => status)).toEqual(['fail', 'pass']);
  });

  test('what a cure brings to light is progress, and treated in the next round', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    ground.write('g', 'bad');
    const hidden = fileCheck(ground, 'b/two', 'g');
    const behind: TestCheck = {
      ...hidden,
      look: (read) => (read('f') === 'good' ? hidden.look(read) : { status: 'unknown' }),
    };
    const { treatments } = await clinic(ground, [fileCheck(ground, 'a/one', 'f'), behind]).run();
    expect(results(treatments)).toEqual(['a/one cured', 'b/two cured']);
  });

  test('at most three rounds', async () => {
    const ground = new Ground();
    const chain = ['0', '1', '2', '3', '4'].map((name, index): TestCheck => {
      ground.write(name, 'bad');
      const check = fileCheck(ground, `a/${name}`, name);
      return index === 0
        ? check
        : { ...check, look: (read) => (read(String(index - 1)) === 'good' ? check.look(read) : { status: 'unknown' }) };
    });
    const { treatments, report } = await clinic(ground, chain).run();
    expect(results(treatments)).toEqual(['a/0 cured', 'a/1 cured', 'a/2 cured', 'a/3 declined']);
    expect(report.checks.map(({ status }) => status)).toEqual(['pass', 'pass', 'pass', 'fail', 'unknown']);
  });

  test('pending is an honest answer, and stays applied', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const { treatments } = await clinic(ground, [fileCheck(ground, 'a/one', 'f', 'later', { until: 'reboot' })]).run();
    expect(treatments).toMatchObject([
      { result: 'pending', until: 'reboot', message: 'it takes effect at the next reboot' },
    ]);
    expect(fs.readFileSync(ground.at('f'), 'utf8')).toBe('later');
  });

  test('a refused step: failed, and nothing is changed', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const before = ground.fingerprint();
    const check = fileCheck(ground, 'a/one', 'f');
    const stale: TestCheck = { ...check, look: () => ({ ...check.look(() => 'what it was'), status: 'fail' }) };
    const { treatments } = await clinic(ground, [stale]).run();
    expect(treatments).toMatchObject([
      { result: 'failed', transaction: null, message: expect.stringContaining('no longer what the plan saw') },
    ]);
    expect(ground.fingerprint()).toBe(before);
  });

  test('treatments of one file follow each other, each from what the one before left', async () => {
    const ground = new Ground();
    const file = ground.write('list', 'start\n');
    const line = (id: string, wanted: string): TestCheck => ({
      id,
      look: (read) => {
        const text = read('list') ?? '';
        if (text.includes(wanted)) return PASS;
        const step = { ...editStep(file, text, ''), edit: { edit: 'append', line: wanted } } as Step;
        return {
          status: 'fail',
          problems: [{ condition: `${id}.bad` }],
          fixes: [{ for: [0], risk: 'safe', steps: [step] }],
        };
      },
    });
    const { treatments } = await clinic(ground, [line('a/one', 'one'), line('a/two', 'two')]).run();
    expect(results(treatments)).toEqual(['a/one cured', 'a/two cured']);
    expect(fs.readFileSync(file, 'utf8')).toBe('start\none\ntwo\n');
  });

  test('a plan that became another one is not what was consented to: it is asked about again', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    ground.write('g', 'bad');
    const second: TestCheck = {
      id: 'b/two',
      look: (read) =>
        read('g') === 'good'
          ? PASS
          : {
              status: 'fail',
              problems: [{ condition: 'b.bad' }],
              fixes: [
                {
                  for: [0],
                  risk: 'safe',
                  steps: [editStep(ground.at('g'), read('g'), read('f') === 'good' ? 'good' : 'other')],
                },
              ],
            },
    };
    const { run, asked } = clinic(ground, [fileCheck(ground, 'a/one', 'f'), second], { automatic: null });
    const { treatments } = await run();
    expect(results(treatments)).toEqual(['a/one cured', 'b/two cured']);
    expect(asked.map((planned) => planned.map(({ check }) => check))).toEqual([['a/one', 'b/two'], ['b/two']]);
  });

  test('one cure may cure another check as well: its treatment is left out', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const { treatments } = await clinic(ground, [
      fileCheck(ground, 'a/one', 'f'),
      fileCheck(ground, 'b/two', 'f'),
    ]).run();
    expect(results(treatments)).toEqual(['a/one cured']);
  });

  test('order: what another depends on first, wherever it stands in the catalog', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    ground.write('g', 'bad');
    const first = { ...fileCheck(ground, 'a/probe', 'f'), after: ['b/cause'] };
    const { treatments } = await clinic(ground, [first, fileCheck(ground, 'b/cause', 'g')]).run();
    expect(results(treatments)).toEqual(['b/cause cured', 'a/probe cured']);
  });

  test('--yes takes what is safe; --risky what weakens, too; neither what is for a person, nor a mere note', async () => {
    for (const risky of [false, true]) {
      const ground = new Ground();
      for (const name of ['safe', 'risky', 'info', 'manual']) ground.write(name, 'bad');
      const info = fileCheck(ground, 'c/info', 'info');
      const { run, asked } = clinic(
        ground,
        [
          fileCheck(ground, 'a/safe', 'safe'),
          fileCheck(ground, 'b/risky', 'risky', 'good', { risk: 'risky', consequence: 'it weakens' }),
          {
            ...info,
            look: (read) => ({
              ...info.look(read),
              status: 'pass',
              problems: [{ condition: 'c.info', severity: 'info' }],
            }),
          },
          fileCheck(ground, 'd/manual', 'manual', 'good', {
            risk: 'manual',
            steps: [{ as: 'self', do: 'tell', text: 'do it' }],
          }),
        ],
        { automatic: { risky } },
      );
      const { treatments } = await run();
      expect(asked).toEqual([]);
      expect(results(treatments)).toEqual(
        risky
          ? ['a/safe cured', 'b/risky cured', 'd/manual manual']
          : ['a/safe cured', 'b/risky declined', 'd/manual manual'],
      );
      expect(fs.readFileSync(ground.at('risky'), 'utf8')).toBe(risky ? 'good' : 'bad');
      if (!risky) expect(treatments[1]?.message).toContain('--risky');
    }
  });

  test('consent: asked once a round, with the diffs, and never twice for the same; what was not chosen is declined', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    ground.write('g', 'bad');
    const { run, options, asked } = clinic(ground, [fileCheck(ground, 'a/one', 'f'), fileCheck(ground, 'b/two', 'g')], {
      automatic: null,
    });
    const { treatments } = await treat({
      ...options,
      consent: async (planned) => (await options.consent(planned)).filter(({ check }) => check === 'b/two'),
    });
    expect(results(treatments)).toEqual(['b/two cured', 'a/one declined']);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.map(({ fix }) => fix.diff)).toEqual(['edit', 'edit']);
    expect(fs.readFileSync(ground.at('f'), 'utf8')).toBe('bad');
    const again = await treat({ ...options, consent: async () => [] });
    expect(results(again.treatments)).toEqual(['a/one declined']);
    expect((await run()).treatments).toMatchObject([{ result: 'cured' }]);
  });

  test('without the right nothing is tried, and no journal is made', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const self = { uid: 64701, gid: 64701, groups: [], name: 'u', home: '/nowhere', shell: null };
    const identity = { self, target: self, mode: 'rootless', sudoUser: null } as const;
    const { treatments } = await clinic(ground, [fileCheck(ground, 'a/one', 'f')], {
      context: ground.context({ identity }),
    }).run();
    expect(results(treatments)).toEqual(['a/one needs-root']);
    expect(fs.existsSync(ground.state)).toBe(false);
  });

  test('what is left as a mere note was made better', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const check = fileCheck(ground, 'a/one', 'f', 'better');
    const milder: TestCheck = {
      ...check,
      look: (read) =>
        read('f') === 'better'
          ? { status: 'pass', problems: [{ condition: 'a/one.bad', severity: 'info' }] }
          : check.look(read),
    };
    expect((await clinic(ground, [milder]).run()).treatments).toMatchObject([{ result: 'cured' }]);
  });

  test('a healthy host: one examination, no journal', async () => {
    const ground = new Ground();
    const { run, examinations } = clinic(ground, [{ id: 'a/one', look: () => PASS }]);
    expect(await run()).toMatchObject({ treatments: [] });
    expect(examinations()).toBe(1);
    expect(fs.existsSync(ground.state)).toBe(false);
  });

  test('only what is selected', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    ground.write('g', 'bad');
    const checks = [fileCheck(ground, 'a/one', 'f'), fileCheck(ground, 'b/two', 'g')];
    const { treatments } = await clinic(ground, checks, { isSelected: (id) => id === 'b/two' }).run();
    expect(results(treatments)).toEqual(['b/two cured']);
    expect(fs.readFileSync(ground.at('f'), 'utf8')).toBe('bad');
  });

  test('what an earlier run left half done comes first', async () => {
    for (const wish of ['take-back', 'finish', 'leave'] as const) {
      const ground = new Ground();
      const file = ground.write('f', 'one');
      await ground.apply([editStep(file, 'one', 'two'), editStep(ground.at('g'), null, 'new')]);
      // As a run killed right after its first step leaves it.
      const journal = `${ground.state}/runs/1/journal`;
      const lines = fs.readFileSync(journal, 'utf8').split('\n');
      fs.writeFileSync(
        journal,
        `${lines.slice(0, lines.findIndex((line) => line.includes('"entry":"done"')) + 1).join('\n')}\n`,
      );
      fs.rmSync(ground.at('g'));
      const { run, events } = clinic(ground, [{ id: 'a/one', look: () => PASS }], { leftover: async () => wish });
      await run();
      expect(events[0]).toMatchObject({
        event: 'leftover',
        done: { 'take-back': 'taken-back', finish: 'finished', leave: 'left' }[wish],
        message: null,
      });
      expect(fs.readFileSync(file, 'utf8')).toBe(wish === 'take-back' ? 'one' : 'two');
      expect(fs.existsSync(ground.at('g'))).toBe(wish === 'finish');
      const [state] = (await history(ground.state, 0)).runs.flatMap((one) =>
        one.transactions.map((each) => each.state),
      );
      expect(state).toBe({ 'take-back': 'taken-back', finish: 'applied', leave: 'interrupted' }[wish]);
    }
  });

  test('stopped between steps: what was begun is taken back', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const before = ground.fingerprint();
    const stop = new AbortController();
    const check = fileCheck(ground, 'a/one', 'f');
    const two: TestCheck = {
      ...check,
      look: (read) => {
        const found = check.look(read);
        const steps = [...(found.fixes?.[0]?.steps ?? []), editStep(ground.at('g'), null, 'x')];
        return found.fixes === undefined ? found : { ...found, fixes: [{ for: [0], risk: 'safe', steps }] };
      },
    };
    const context = ground.context({
      signal: stop.signal,
      progress: ({ stage, step }) => {
        if (stage === 'done' && step === 0) stop.abort();
      },
    });
    const { treatments } = await clinic(ground, [two], { context }).run();
    expect(treatments).toMatchObject([{ result: 'failed', message: 'it was stopped' }]);
    expect(ground.fingerprint()).toBe(before);
  });

  test('withDiffs fills in every diff', async () => {
    const ground = new Ground();
    ground.write('f', 'bad');
    const { options } = clinic(ground, [fileCheck(ground, 'a/one', 'f')]);
    const report = await withDiffs(await options.examine(), options.preview);
    expect(report.checks[0]?.fixes.map(({ diff }) => diff)).toEqual(['edit']);
  });
});
