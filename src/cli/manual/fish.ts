import type { Outline, OutlinedFlag, Values } from './outline.ts';

/** A completion for fish. */
export function fishCompletion({ name, globals, commands }: Outline): string {
  const names = commands.map((command) => command.name).join(' ');
  const lines = [
    `# fish completion for ${name}; made by: ${name} completion fish`,
    `complete -c ${name} -f`,
    ...commands.map(
      ({ name: word, summary }) =>
        `complete -c ${name} -n 'not __fish_seen_subcommand_from ${names}' -a ${word} -d ${quoted(summary)}`,
    ),
    ...globals.map((flag) => `complete -c ${name}${flagWords(flag)}`),
    ...commands.flatMap((command, index) => {
      // Without a command it is the first.
      const here =
        index === 0
          ? `'__fish_seen_subcommand_from ${command.name}; or not __fish_seen_subcommand_from ${names}'`
          : `'__fish_seen_subcommand_from ${command.name}'`;
      const operands = offer(command.operands);
      return [
        ...command.flags.map((flag) => `complete -c ${name} -n ${here}${flagWords(flag)}`),
        ...(operands === '' || command.usage === '' ? [] : [`complete -c ${name} -n ${here}${operands}`]),
      ];
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function flagWords({ spellings, takes, description, values }: OutlinedFlag): string {
  const words = spellings.map((word) => (word.startsWith('--') ? ` -l ${word.slice(2)}` : ` -s ${word.slice(1)}`));
  const value = takes === null ? '' : ` -x${offer(values)}`;
  return `${words.join('')}${value.replace(/^ -x (?=-F)/, ' -r ')} -d ${quoted(description)}`;
}

function offer(values: Values): string {
  switch (values.kind) {
    case 'words':
      return ` -a ${quoted(values.words.join(' '))}`;
    case 'list':
      return ` -a ${quoted(`(__fish_append , ${values.words.join(' ')})`)}`;
    case 'file':
      return ' -F';
    case 'directory':
      return ` -a ${quoted('(__fish_complete_directories)')}`;
    case 'user':
      return ` -a ${quoted('(__fish_complete_users)')}`;
    case 'anything':
    case 'nothing':
      return '';
  }
}

/** Inside fish's single quotes only the quote and the backslash are special. */
const quoted = (text: string): string => `'${text.replace(/['\\]/g, (sign) => `\\${sign}`)}'`;
