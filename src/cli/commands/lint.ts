import { type Command, Option } from 'commander';
import type { Findings, Linted } from '../../examine/documents.ts';
import type { FoundDocument } from '../../host/documents.ts';
import { UsageError } from '../../host/usage-error.ts';
import type { NodeTraits } from '../../knowledge/nodes.ts';
import type { FailOn } from '../../report/exit-code.ts';
import { exitCode } from '../../report/exit-code.ts';
import type { ExaminedFile } from '../../report/format.ts';
import { destinationOf, sendAnswer, sendFindings } from '../call/answer.ts';
import { globalsOf } from '../call/globals.ts';
import type { Session } from '../call/session.ts';
import { oneOf } from '../call/wording.ts';
import { addBuildOptions, buildsOf, buildWishes } from './lint-builds.ts';

interface Wishes {
  readonly fix: boolean;
  readonly write: boolean;
  readonly risky: boolean;
  readonly failOn: FailOn;
}

/** `bk-doctor lint FILE…`: reads what people write to run BuildKit in pods and containers, without a host. */
export function registerLint(program: Command, session: Session): void {
  const how = 'What is done:';
  const lint = program
    .command('lint')
    .summary('read manifests, compose files and commands without a host')
    .description(
      'Reads files that say how BuildKit is run in pods and containers: Kubernetes, Compose, docker and podman run, docker buildx create, CI files, quadlets and units, buildkitd.toml; and what is built with it: Dockerfiles, build commands, bake files. Tells what will fail and why, without a host. A folder stands for all that is below it, - for standard input.',
    )
    .argument('<file...>', 'files and folders')
    .addOption(new Option('--fix', 'show how the files would be mended, as a diff').helpGroup(how))
    .addOption(new Option('--write', 'mend the files; bk-doctor undo takes it back').helpGroup(how))
    .addOption(new Option('--risky', 'with --fix or --write: also what loosens a container').helpGroup(how))
    .addOption(
      new Option(
        '--explain-others',
        'print the suppressions that checkov, kube-linter and kube-score need for what is right, with the reasons',
      ).helpGroup('Answer:'),
    )
    .addOption(
      new Option(
        '--node <file|name>',
        'where the containers run: a recording or JSON report of bk-doctor check, or autopilot, bottlerocket, cos, debian, openshift, talos, ubuntu; decides what depends on the node',
      ).helpGroup('The node:'),
    )
    .addOption(
      new Option('--fail-on <severity>', 'exit 1 for errors, or for warnings too (default: error)')
        .argParser((given) => oneOf('--fail-on', given, ['error', 'warning']))
        .helpGroup('Answer:'),
    )
    .action(async (names: readonly string[], _options: unknown, command: Command) => {
      session.finish(await run(session, names, command));
    });
  addBuildOptions(lint);
}

async function run(session: Session, names: readonly string[], command: Command): Promise<number> {
  const globals = globalsOf(command);
  const given = command.opts<{ fix?: true; write?: true; risky?: true; failOn?: FailOn }>();
  const wishes: Wishes = {
    fix: given.fix ?? false,
    write: given.write ?? false,
    risky: given.risky ?? false,
    failOn: given.failOn ?? 'error',
  };
  if (wishes.risky && !wishes.fix && !wishes.write)
    throw new UsageError('--risky chooses what --fix shows or --write does: add one of them');
  if (wishes.write && names.includes('-'))
    throw new UsageError('--write needs a file: standard input cannot be changed');
  const destination = destinationOf(session, globals, 'findings', 'lint');
  const { lint } = await import('../../examine/documents.ts');
  const all = await gathered(names, command, session);
  if (command.opts<{ explainOthers?: true }>().explainOthers === true) {
    const { json, text } = await (await import('./lint-others.ts')).explainOthers(all);
    await sendAnswer(destinationOf(session, globals, 'answer', 'lint --explain-others'), globals, json, () => text);
    return 0;
  }
  const findingsOf = await buildsOf(all, buildWishes(command), session);
  const chosen = command.opts<{ node?: string }>().node;
  const node = chosen === undefined ? null : await (await import('./lint-node.ts')).nodeOf(chosen, session);
  const files: ExaminedFile[] = [];
  const mends: Mend[] = [];
  for (const document of all) {
    if (document.text === null) {
      if (!document.found) files.push(unread(document));
      continue;
    }
    const { name: path, text, file } = document;
    const findings = findingsOf(path);
    const linted = await lint({ path, text, file, node }, findings);
    if (document.found && (isOther(linted) || isIdle(linted))) continue;
    files.push({ file: path, ...linted, text });
    if (!wishes.fix && !wishes.write) continue;
    const mend = await mendOf(document, { ...wishes, node }, findings);
    if (mend === null) continue;
    mends.push({ ...mend, index: files.length - 1 });
    files[files.length - 1] = { file: path, ...linted, text, mended: { diff: mend.diff, written: false } };
  }
  const refused = wishes.write ? await write(session, mends, files) : false;
  await sendFindings(destination, globals, onceSkipped(files));
  const code = exitCode({ checks: files.flatMap(({ checks }) => checks) }, wishes.failOn);
  return refused ? Math.max(code, 1) : code;
}

/** All in one run of the journal; what is told of a file is then what is left. Answers whether one could not be changed. */
async function write(session: Session, mends: readonly Mend[], files: ExaminedFile[]): Promise<boolean> {
  if (mends.length === 0) return false;
  const { writeMends } = await import('./lint-write.ts');
  const refused = await writeMends(session, mends);
  for (const { index, file, text, left, diff } of mends) {
    const shown = files[index];
    if (shown === undefined || refused.has(file.path)) continue;
    files[index] = { file: shown.file, ...left, text, mended: { diff, written: true } };
  }
  return refused.size > 0;
}

/** Builds are made of several files, so that all are read before the first is judged. */
async function gathered(
  names: readonly string[],
  command: Command,
  session: Session,
): Promise<readonly FoundDocument[]> {
  const all: FoundDocument[] = [];
  for await (const document of documents(names, session)) all.push(document);
  const given = command.opts<{ build?: string }>().build;
  if (given !== undefined)
    all.push({ name: '--build', path: '--build', text: given, refused: null, found: false, file: null });
  return all;
}

async function* documents(names: readonly string[], session: Session): AsyncGenerator<FoundDocument> {
  const { documentsAt } = await import('../../host/documents.ts');
  for (const name of names)
    if (name === '-') yield await piped(session);
    else yield* documentsAt([name]);
}

const LONGEST = 2 * 1024 * 1024;

async function piped({ streams }: Session): Promise<FoundDocument> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of streams.stdin) {
    const bytes = Buffer.from(chunk as Buffer);
    length += bytes.length;
    if (length > LONGEST) throw new UsageError('standard input is longer than 2 MiB');
    chunks.push(bytes);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return { name: '-', path: '-', text, refused: null, found: false, file: null };
}

const unread = ({ name, refused }: FoundDocument): ExaminedFile => ({
  file: name,
  kind: 'unread',
  skipped: refused ?? 'it cannot be read',
  checks: [
    {
      id: 'container/manifest',
      title: 'The file can be read, and the API takes it',
      why: '',
      decides: true,
      status: 'unknown',
      reason: refused,
      tell: null,
      problems: [],
      fixes: [],
      docs: 'docs/checks/container/manifest.md',
      durationMs: 0,
    },
  ],
});

/** A script in which nothing is to be told, among many. */
const isIdle = ({ kind, checks }: Linted): boolean =>
  (kind === 'script' || kind === 'compose' || kind === 'bake') && checks.every(({ problems }) => problems.length === 0);

const isOther = ({ kind, skipped }: Linted): boolean =>
  skipped !== null && (kind === 'other' || kind === 'binary' || kind === 'dockerfile');

/** Templates of one chart are told of once. */
function onceSkipped(files: readonly ExaminedFile[]): readonly ExaminedFile[] {
  const told = new Set<string>();
  return files.filter(({ file, kind }) => {
    if (kind !== 'helm-template') return true;
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    if (told.has(folder)) return false;
    told.add(folder);
    return true;
  });
}

interface Mend {
  readonly index: number;
  readonly file: NonNullable<FoundDocument['file']>;
  readonly text: string;
  readonly left: Linted;
  readonly diff: string;
}

/** How a file would be mended; null: it would not. */
async function mendOf(
  { name, text, file }: FoundDocument,
  { risky, node }: Wishes & { readonly node: NodeTraits | null },
  findings: Findings,
): Promise<Omit<Mend, 'index'> | null> {
  if (text === null) return null;
  const [{ mend }, { createTwoFilesPatch }] = await Promise.all([import('../../examine/documents.ts'), import('diff')]);
  const place = file ?? { path: `/${name}`, digest: '', mode: 0o600, owner: { uid: 0, gid: 0 } };
  const { text: mended, left } = await mend({ path: name, text, file: place, node }, risky, findings);
  if (mended === text) return null;
  const diff = createTwoFilesPatch(`a/${name}`, `b/${name}`, text, mended, undefined, undefined, { context: 3 });
  return { file: place, text: mended, left, diff };
}
