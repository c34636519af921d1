import { quoted } from '../../text/shell.ts';
import type { Outline, OutlinedFlag, Values } from './outline.ts';

/** A completion for bash, which needs nothing of the bash-completion package. */
export function bashCompletion({ name, globals, commands }: Outline): string {
  const names = commands.map((command) => command.name);
  const flagsOf = (flags: readonly OutlinedFlag[]): string =>
    [...flags, ...globals].flatMap(({ spellings }) => spellings.filter((word) => word.startsWith('--'))).join(' ');
  const valued = (command: string, flags: readonly OutlinedFlag[]): readonly string[] =>
    flags
      .filter(({ takes }) => takes !== null)
      .map(
        ({ spellings, values }) =>
          `    ${spellings.map((word) => `${command}:${word}`).join(' | ')}) ${offer(values)} return ;;`,
      );
  const [first] = commands;
  return `# bash completion for ${name}; made by: ${name} completion bash
_bk_doctor() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=check named= word
  # Bash parts --flag=value at the sign.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
    ${names.join(' | ')}) command=$word named=yes; break ;;
    esac
  done
  COMPREPLY=()
  case $command:$previous in
${[...commands.flatMap((command) => valued(command.name, command.flags)), ...valued('*', globals)].join('\n')}
  esac
  if [[ $current == -* ]]; then
    case $command in
${commands.map((command) => `    ${command.name}) _bk_doctor_words ${quoted(flagsOf(command.flags))} ;;`).join('\n')}
    esac
  elif [[ -z $named ]]; then
    _bk_doctor_words ${quoted(names.join(' '))}
  else
    case $command in
${commands.map((command) => `    ${command.name}) ${offer(command.operands)} ;;`).join('\n')}
    esac
  fi
}
_bk_doctor_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
}
_bk_doctor_list() {
  local before=
  [[ $current == *,* ]] && before=\${current%,*},
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "\${current##*,}")
}
_bk_doctor_paths() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}
complete -F _bk_doctor ${name}
`.replace('command=check', `command=${first?.name ?? ''}`);
}

function offer(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `_bk_doctor_words ${quoted(values.words.join(' '))};`;
    case 'list':
      return `_bk_doctor_list ${quoted(values.words.join(' '))};`;
    case 'file':
      return '_bk_doctor_paths -f;';
    case 'directory':
      return '_bk_doctor_paths -d;';
    case 'user':
      return 'mapfile -t COMPREPLY < <(compgen -u -- "$current");';
    case 'anything':
    case 'nothing':
      return ':;';
  }
}
