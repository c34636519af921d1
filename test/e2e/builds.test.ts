import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRelease } from '../../src/buildkit/version.ts';
import { commandRows } from '../builds/command-rows.ts';
import { dockerfileRows } from '../builds/dockerfile-rows.ts';
import { judged, PLAIN, type Row } from '../builds/judged.ts';
import { lackingRows } from '../builds/lacking-rows.ts';
import { valueRows } from '../builds/value-rows.ts';
import { some } from '../thoroughly.ts';
import { daemonDirectory, daemonOutside, World } from './world.ts';

/*
 * What is found in a build before it runs, held against what buildkitd does: every row that needs no registry is built, by the
 * daemon at hand whatever release the row names, and judged for that release.
 */

/** Whether a row can be built without a network, a client that is not here, a host that is only described, or harm to this one. */
function isOffline(row: Row): boolean {
  const text = `${row.dockerfile ?? ''}\n${row.command ?? ''}\n${row.flags ?? ''}`;
  const ours = row.command === undefined || /^(?:[A-Z]=\S+\n)?buildctl /.test(row.command);
  const plain =
    row.host === undefined && row.engine === undefined && row.mode !== 'rootless' && row.files?.Makefile === undefined;
  const remote =
    /example\.org|\/dev\/|syntax ?=|gateway|BUILDKIT_SYNTAX|--addr|type=registry|type=ssh|id=c,source|--ssh|platform=|--device|"\$F"|\$SECRETS|PLAIN/.test(
      text,
    );
  const hasDockerfile =
    row.dockerfile !== undefined || Object.keys(row.files ?? {}).some((path) => /Dockerfile/.test(path));
  // runc can wait long for a program that is not there.
  const waits = row.finds.some((found) => found.includes('image-file-missing')) && /^RUN /m.test(row.dockerfile ?? '');
  const judgesDaemon = row.dockerfile !== undefined && row.command === undefined && row.flags === undefined;
  return (
    ours &&
    plain &&
    !remote &&
    hasDockerfile &&
    !judgesDaemon &&
    !waits &&
    !Object.keys(row.files ?? {}).some((path) => /\.ya?ml$/.test(path))
  );
}

const version =
  daemonOutside === null ? '' : spawnSync(join(daemonOutside, 'buildkitd'), ['--version'], { encoding: 'utf8' }).stdout;
/** One that was built without its version tells no release that rows could be judged for. */
const release = /v(?!0\.0\.0\b)\d+\.\d+\.\d+/.exec(version)?.[0];
const rows = [...dockerfileRows, ...commandRows, ...valueRows, ...lackingRows].filter(isOffline);
/** v0.11 itself ends at a Dockerfile of ARG alone, and every build behind it would fail with it. */
const endsDaemon = ({ dockerfile = '' }: Row): boolean =>
  release?.startsWith('v0.11.') === true && /^(?:ARG .*\n)+$/.test(dockerfile);

test('most rows can be built here', () => {
  expect(rows.length).toBeGreaterThan(60);
});

describe.skipIf(daemonDirectory() === null || process.getuid?.() !== 0 || release === undefined)('builds', () => {
  let world: World;
  const address = (allowing: boolean): string => `unix:///run/judge-${allowing ? 'allowing' : 'plain'}.sock`;

  beforeAll(() => {
    world = new World();
    // What images are taken from: busybox and an account of its own, in place of the image alpine.
    world.script(`
      mkdir -p ${world.scratch}/alpine/bin ${world.scratch}/alpine/etc ${world.scratch}/alpine/tmp
      cp /bin/busybox ${world.scratch}/alpine/bin/busybox
      for name in sh true cat '['; do ln -s busybox ${world.scratch}/alpine/bin/$name; done
      printf 'root:x:0:0::/:/bin/sh\\napp:x:1000:1000::/:/bin/sh\\n' >${world.scratch}/alpine/etc/passwd
      printf 'root:x:0:\\napp:x:1000:\\n' >${world.scratch}/alpine/etc/group
      : >${world.scratch}/empty.toml
      printf 'insecure-entitlements = ["network.host", "security.insecure"]\\n' >${world.scratch}/allowing.toml
    `);
    for (const allowing of [false, true])
      world.start(
        [
          'sh',
          '-c',
          // Nobody reads here while a build is waited for: a pipe would fill, and the daemon wait for ever.
          `exec buildkitd --config ${world.scratch}/${allowing ? 'allowing' : 'empty'}.toml --root /var/lib/buildkit/${allowing} --addr ${address(allowing)} >${world.scratch}/${allowing}.log 2>&1`,
        ],
        'root',
      );
    world.script(
      `for s in plain allowing; do n=0; until [ -S /run/judge-$s.sock ]; do n=$((n+1)); [ $n -lt 600 ]; sleep 0.1; done; done`,
    );
  }, 120_000);
  afterAll(() => world.close(), 120_000);

  test.each(
    some(
      3,
      rows.filter((row) => !endsDaemon(row)),
    ),
  )('$name', { timeout: 120_000 }, (row) => {
    const now: Row = {
      ...row,
      ...(release === undefined || parseRelease(release) === null ? {} : { buildkit: release }),
    };
    const fails = judged(now).some(({ severity }) => severity === 'error');
    const directory = fs.mkdtempSync(join(world.scratch, 'build-'));
    const files = { ...(row.dockerfile === undefined ? {} : { Dockerfile: row.dockerfile }), ...row.files };
    for (const [path, text] of Object.entries(files)) {
      fs.mkdirSync(dirname(join(directory, path)), { recursive: true });
      fs.writeFileSync(join(directory, path), text);
    }
    const command = row.command ?? `${PLAIN} ${row.flags ?? ''}`;
    const given = command.replace(
      /buildctl (?=build)/,
      `buildctl --addr ${address((row.config ?? '').includes('"network.host"'))} `,
    );
    const base = ` --local alpine=${world.scratch}/alpine --opt context:alpine=local:alpine`;
    // Behind the word that flags of old clients end at, nothing more would be read.
    const whole = given.replace(/ build /, ` build${base} `);
    const done = world.asRoot(['sh', '-c', `cd ${directory} && ${whole}`], { timeout: 110_000 });
    expect(done.stderr, whole).not.toMatch(/failed to list workers/);
    expect(done.code !== 0, `${whole}\n${done.stderr.slice(-1500)}`).toBe(fails);
  });
});
