import { quoted } from '../../text/shell.ts';
import type { Outline, OutlinedFlag, Values } from './outline.ts';

/** A completion for zsh, to be found in a directory of its fpath as _bk-doctor, or sourced. */
export function zshCompletion({ name, globals, commands }: Outline): string {
  const lines = (flags: readonly OutlinedFlag[]): string =>
    flags
      .flatMap(specifications)
      .map((words) => `        ${quoted(words)} \\\n`)
      .join('');
  const branches = commands.map(
    (command) => `    ${command.name})
      _arguments -s \\
${lines([...command.flags, ...globals])}        ${quoted(`*:${command.usage === '' ? 'nothing' : 'operand'}:${action(command.operands)}`)}
      ;;`,
  );
  return `#compdef ${name}
# zsh completion for ${name}; made by: ${name} completion zsh
_bk_doctor() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
${commands.map((command) => `    ${quoted(`${command.name}:${command.summary}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe -t commands command commands
    return
  fi
  local command=${commands[0]?.name ?? ''}
  if (( \${commands[(I)$words[2]:*]} )); then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
${branches.join('\n')}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _bk_doctor "$@"
else
  compdef _bk_doctor ${name}
fi
`;
}

function specifications({ spellings, takes, description, values }: OutlinedFlag): readonly string[] {
  const words = description.replace(/[[\]:\\]/g, (sign) => `\\${sign}`);
  return spellings.map((spelling) => {
    if (takes === null) return `${spelling}[${words}]`;
    const long = spelling.startsWith('--') ? '=' : '';
    return `${spelling}${long}[${words}]:${takes.replaceAll(':', '')}:${action(values)}`;
  });
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.join(' ')})`;
    case 'list':
      return `_values -s , id ${values.words.join(' ')}`;
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'user':
      return '_users';
    case 'anything':
    case 'nothing':
      return ' ';
  }
}
