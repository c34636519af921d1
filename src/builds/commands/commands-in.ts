import { textInPlace } from '../../documents/gathered.ts';
import { formOf } from '../../documents/kinds.ts';
import { type Lines, linesOf } from '../../documents/lines.ts';
import type { Value } from '../../documents/tree.ts';
import { readYaml } from '../../documents/yaml.ts';
import { commandsOf, type ShellCommand } from './script.ts';

const CLIENT = /\b(?:buildctl|docker|nerdctl|buildx)\b/;
const BUILD = /\b(?:build|bake|b|f)\b/;

/** The commands of a text: those of a shell or of make, and those in the texts of a YAML file, each where it stands. */
export function commandsIn(path: string, text: string): readonly ShellCommand[] {
  if (!CLIENT.test(text) || !BUILD.test(text)) return [];
  const lines = linesOf(text);
  if (formOf(path, text) !== 'yaml') return commandsOf(text, 0, lines);
  return readYaml(text, 0).documents.flatMap((document) => commandsBelow(document, text, lines));
}

function commandsBelow(value: Value, text: string, lines: Lines): readonly ShellCommand[] {
  switch (value.kind) {
    case 'fields':
      return value.entries.flatMap(({ value: inner, foreign }) =>
        foreign === true ? [] : commandsBelow(inner, text, lines),
      );
    case 'list':
      return isCommand(value.items)
        ? [listCommand(value.items, lines)]
        : value.items.flatMap((inner) => commandsBelow(inner, text, lines));
    case 'scalar': {
      if (typeof value.value !== 'string' || !CLIENT.test(value.value) || !BUILD.test(value.value)) return [];
      const shell = textInPlace(value, text);
      return commandsOf(shell.text, shell.base, lines);
    }
  }
}

const PROGRAM = /^(?:.*\/)?(?:buildctl|buildctl-daemonless\.sh|docker|nerdctl|docker-buildx)$/;

/** A list whose first text is the program: `command: [buildctl, build, …]`. */
function isCommand(items: readonly Value[]): boolean {
  const [first] = items;
  return (
    first?.kind === 'scalar' &&
    typeof first.value === 'string' &&
    PROGRAM.test(first.value) &&
    items.every(({ kind }) => kind === 'scalar')
  );
}

function listCommand(items: readonly Value[], lines: Lines): ShellCommand {
  const words = items.flatMap((item) => {
    if (item.kind !== 'scalar') return [];
    const { line, column } = lines.position('', item.span);
    const text = typeof item.value === 'string' ? item.value : item.text;
    return [{ text, known: !/\$[({]/.test(text), open: false, line, column, span: item.span }];
  });
  return { environment: new Map(), words };
}
