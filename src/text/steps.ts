import type { Allowed, IdRange, Owner } from '../model/look.ts';
import type { Edit, Step, TomlEdit } from '../model/plan.ts';
import { octal } from './octal.ts';
import { commandLine } from './shell.ts';

/** A step in words for a person; `block` is what stands literally in a file or on a command line, line by line. */
export interface StepText {
  readonly say: string;
  readonly block: readonly string[];
}

/** Up to this many lines of a new file are shown; the diff has all of them. */
const MOST_LINES = 12;

export function stepText(step: Step): StepText {
  switch (step.do) {
    case 'edit':
      return tellEdit(
        step.path,
        step.edit,
        step.expects === null,
        `mode ${octal(step.mode)}, owner ${owner(step.owner)}`,
      );
    case 'directory':
      return {
        say: `Make the directory ${step.path} (mode ${octal(step.mode)}, owner ${owner(step.owner)}).`,
        block: [],
      };
    case 'remove':
      return { say: `Remove ${step.path}.`, block: [] };
    case 'owner':
      return { say: `Give ${step.path} to ${owner(step.to)} (it belongs to ${owner(step.from)}).`, block: [] };
    case 'mode':
      return { say: `Change the mode of ${step.path} from ${octal(step.from)} to ${octal(step.to)}.`, block: [] };
    case 'adopt':
      return { say: tellAdopt(step.tree, step.allowed, step.only, step.to), block: [] };
    case 'sysctl':
      return { say: `Set ${step.key} to ${step.to} at once (it is ${step.from}).`, block: [] };
    case 'run':
      return { say: `${withoutStop(step.why)}:`, block: [commandLine(step.argv)] };
    case 'tell': {
      const [say = '', ...block] = step.text.split('\n');
      return { say, block };
    }
  }
}

/** A step as the name of an action, on one line: for choices and lists. */
export function stepLine(step: Step): string {
  switch (step.do) {
    case 'edit':
      return editLine(step.path, step.edit, step.expects === null);
    case 'directory':
      return `make ${step.path}`;
    case 'remove':
      return `remove ${step.path}`;
    case 'owner':
      return `give ${step.path} to ${owner(step.to)}`;
    case 'mode':
      return `change the mode of ${step.path} to ${octal(step.to)}`;
    case 'adopt':
      return `give what is foreign below ${step.tree} to ${owner(step.to)}`;
    case 'sysctl':
      return `set ${step.key} to ${step.to}`;
    case 'run':
      return commandLine(step.argv);
    case 'tell':
      return step.text.split('\n', 1)[0] ?? '';
  }
}

function editLine(path: string, edit: Edit, isNew: boolean): string {
  switch (edit.edit) {
    case 'whole':
      return `${isNew ? 'write' : 'rewrite'} ${path}`;
    case 'append':
      return `add ${edit.line} to ${path}`;
    case 'replace-line':
      return edit.by === null ? `remove ${edit.line} from ${path}` : `write ${edit.by} in ${path}`;
    case 'toml':
      return `${edit.changes.map(tellToml).join(', ')} in ${path}`;
  }
}

function tellEdit(path: string, edit: Edit, isNew: boolean, as: string): StepText {
  switch (edit.edit) {
    case 'whole': {
      const lines = edit.text.replace(/\n$/, '').split('\n');
      const shown = lines.slice(0, MOST_LINES);
      const more = lines.length - shown.length;
      return {
        say: isNew ? `Write the new file ${path} (${as}):` : `Rewrite ${path}:`,
        block: more > 0 ? [...shown, `(${more} more lines)`] : shown,
      };
    }
    case 'append':
      return { say: isNew ? `Write the new file ${path} (${as}):` : `Add a line to ${path}:`, block: [edit.line] };
    case 'replace-line':
      return edit.by === null
        ? { say: `Remove this line from ${path}:`, block: [edit.line] }
        : { say: `Replace a line of ${path}:`, block: [`- ${edit.line}`, `+ ${edit.by}`] };
    case 'toml':
      return {
        say: isNew ? `Write the new file ${path} (${as}):` : `Edit ${path}:`,
        block: edit.changes.map(tellToml),
      };
  }
}

function tellToml(change: TomlEdit): string {
  switch (change.change) {
    case 'set':
      return `${dotted(change.path)} = ${JSON.stringify(change.value)}`;
    case 'remove':
      return `remove ${dotted(change.path)}`;
    case 'rename':
      return `rename ${dotted(change.path)} to ${dotted(change.to)}`;
  }
}

function tellAdopt(tree: string, allowed: Allowed, only: readonly number[] | null, to: Owner): string {
  const what = only === null ? 'whatever belongs to anyone else' : `what belongs to ${list(only.map(uid))}`;
  const kept = allowed.uids.filter(({ count }) => count > 1);
  const but = kept.length === 0 ? '' : ` Ids ${list(kept.map(range))} keep what is theirs.`;
  return `Below ${tree}, give ${what} to ${owner(to)}; links are not followed, other mounts not entered.${but}`;
}

const uid = (id: number): string => (id === 0 ? 'root' : `uid ${id}`);
const range = ({ start, count }: IdRange): string => `${start} to ${start + count - 1}`;
const list = (words: readonly string[]): string => words.join(', ');
const owner = ({ uid, gid }: Owner): string => (uid === 0 && gid === 0 ? 'root' : `${uid}:${gid}`);
/** A key as TOML has it, and the place in a list as everybody writes it. */
const dotted = (path: readonly string[]): string =>
  path
    .map((part, index) =>
      /^\d+$/.test(part)
        ? `[${part}]`
        : `${index === 0 ? '' : '.'}${/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part)}`,
    )
    .join('');
const withoutStop = (text: string): string => text.replace(/[.:]\s*$/, '');
