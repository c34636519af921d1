import { checkDirective } from '../../buildkit/dockerfile/directives.ts';
import type { Dockerfile, Instruction } from '../../buildkit/dockerfile/read.ts';
import type { Finding } from '../model/finding.ts';
import type { BuildRequest, Place } from '../model/request.ts';
import type { Scene } from './versions.ts';

/** The rules of BuildKit's own checks that are told from the text alone, each with the first frontend that has it. */
interface Rule {
  readonly name: string;
  readonly since: number;
  readonly broken: (stage: readonly Instruction[]) => Instruction | undefined;
}

const named = (command: string) => (instruction: Instruction) => instruction.command.toUpperCase() === command;
const isLower = (word: string): boolean => word === word.toLowerCase();
const isUpper = (word: string): boolean => word === word.toUpperCase();
const second = (stage: readonly Instruction[], command: string): Instruction | undefined =>
  stage.filter(named(command))[1];

const RULES: readonly Rule[] = [
  {
    name: 'StageNameCasing',
    since: 8,
    broken: (stage) => stage.find((from) => named('FROM')(from) && !isLower(from.args[2] ?? '')),
  },
  {
    name: 'FromAsCasing',
    since: 8,
    broken: (stage) =>
      stage.find(
        ({ command, args: [, as] }) =>
          command.toUpperCase() === 'FROM' &&
          as !== undefined &&
          ((isLower(command) && !isLower(as)) || (isUpper(command) && !isUpper(as))),
      ),
  },
  { name: 'MaintainerDeprecated', since: 8, broken: (stage) => stage.find(named('MAINTAINER')) },
  {
    name: 'JSONArgsRecommended',
    since: 8,
    broken: (stage) =>
      stage.some(named('SHELL'))
        ? undefined
        : stage.find(({ command, json, args }) => /^(?:cmd|entrypoint)$/i.test(command) && !json && args.length > 0),
  },
  {
    name: 'LegacyKeyValueFormat',
    since: 8,
    broken: (stage) => stage.find(({ command, args }) => /^(?:env|label)$/i.test(command) && args[2] === ''),
  },
  {
    name: 'MultipleInstructionsDisallowed',
    since: 8,
    broken: (stage) => second(stage, 'CMD') ?? second(stage, 'ENTRYPOINT') ?? second(stage, 'HEALTHCHECK'),
  },
];

/** What a `check` directive, or the build argument in its place, makes of a Dockerfile. */
export function checkFindings(
  text: string,
  dockerfile: Dockerfile,
  built: readonly (readonly Instruction[])[],
  scene: Scene,
  request: BuildRequest | null,
): readonly Finding[] {
  const { frontend } = scene.choice;
  if (frontend === null || frontend.minor < 8) return [];
  const option = request?.options.get('build-arg:BUILDKIT_DOCKERFILE_CHECK');
  const directive = checkDirective(text);
  const asked: (Place & { readonly value: string }) | null =
    option?.known === true
      ? option
      : directive === null
        ? null
        : { file: scene.file, line: directive.line, column: 1, value: directive.value };
  if (asked === null || (option !== undefined && !option.known)) return [];
  const { file, line, column } = asked;
  const settings = new Map<string, string>();
  for (const part of asked.value.split(';').filter((written) => written.trim() !== '')) {
    const [key = '', ...rest] = part.split('=').map((written) => written.trim());
    const value = rest.join('=');
    const known = key === 'skip' || key === 'error' || (key === 'experimental' && frontend.minor >= 10);
    if (!known || rest.length === 0 || (key === 'error' && !BOOLEAN.test(value)))
      return [
        {
          file,
          line,
          column,
          condition: 'dockerfile.parse-error',
          severity: 'error',
          message: `The check option ${part.trim()} is refused: the build ends with "failed to parse check options".`,
          needs: {},
          remedy: ['Write skip=RULE,RULE, skip=all, error=true or experimental=all, with ; between them.'],
        },
      ];
    settings.set(key, value);
  }
  if (!/^(?:1|t|true)$/i.test(settings.get('error') ?? '')) return [];
  const skipped = (settings.get('skip') ?? '').split(',').map((rule) => rule.trim());
  if (skipped.includes('all')) return [];
  const whole = dockerfile.instructions.filter(({ command }) => /^(?:from|maintainer)$/i.test(command));
  return RULES.flatMap(({ name, since, broken }): readonly Finding[] => {
    if (frontend.minor < since || skipped.includes(name)) return [];
    const found = [whole, ...built].map(broken).find((instruction) => instruction !== undefined);
    if (found === undefined) return [];
    return [
      {
        file: scene.file,
        line: found.start,
        column: 1,
        condition: 'dockerfile.check-violation',
        severity: 'error',
        message: `error=true of the check directive makes ${name} end the build: "lint violation found for rules: ${name}".`,
        needs: {},
        remedy: [`Mend the line, or add skip=${name} to the check directive.`],
      },
    ];
  });
}

const BOOLEAN = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;
