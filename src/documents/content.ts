import type { Content } from './container.ts';
import { type Gathered, gatherCommands, gatherIn } from './gathered.ts';
import { gatherJenkinsfile } from './jenkins.ts';
import { type Form, formOf, isConfiguration, isTemplate, isValues, looksLikeToml, mentionsBuildkit } from './kinds.ts';
import { gatherRunner } from './runner.ts';
import { readShell } from './shell.ts';
import { gatherQuadlet, gatherUnit } from './units.ts';
import { readYaml } from './yaml.ts';
import { gatherYaml, innerYaml } from './yaml-content.ts';

type TextError = Content['error'];

/** More than anybody writes into one file. */
const MOST_CONTAINERS = 1000;

/** What a file describes, told from its text; its name decides only between forms that look alike. Never throws. */
export function readContent(name: string, text: string): Content {
  const into = gatherIn(text);
  const skipped = (kind: string, why: string): Content => contentOf(into, kind, why, null);
  if (text.includes('\0')) return skipped('binary', 'it is no text: there is a NUL in it');
  if (!mentionsBuildkit(text) && !isConfiguration(name, text))
    return skipped('other', 'nothing in it mentions BuildKit');
  const form = formOf(name, text);
  if (form === 'dockerfile') return skipped('dockerfile', 'it is a Dockerfile');
  if (form === 'yaml' && !isValues(name) && isTemplate(text))
    return skipped('helm-template', 'it is a template that is not rendered: give what helm template prints');
  const { kind, error } = gather(into, form, text);
  if (kind === 'text') return skipped('other', 'it is in no form that is known');
  const count = into.pods.reduce((sum, { containers }) => sum + containers.length, into.builders.length);
  if (count > MOST_CONTAINERS)
    return contentOf(gatherIn(text), kind, null, {
      message: `It describes ${count} containers, and more than ${MOST_CONTAINERS} are not examined.`,
      at: 0,
      limit: true,
    });
  return contentOf(into, kind, null, error);
}

function gather(into: Gathered, form: Form, text: string): { readonly kind: string; readonly error: TextError } {
  switch (form) {
    case 'yaml': {
      const { documents, error } = readYaml(text, 0);
      return { kind: gatherYaml(into, documents), error };
    }
    case 'jenkinsfile':
      return { kind: form, error: gatherJenkinsfile(into, text) };
    case 'quadlet':
      gatherQuadlet(into, text);
      return { kind: form, error: null };
    case 'unit':
      gatherUnit(into, text);
      return { kind: form, error: null };
    case 'buildkitd.toml':
      into.configs.push({ path: '', span: { start: 0, end: 0 }, text, name: 'buildkitd.toml' });
      return { kind: form, error: null };
    case 'shell':
    case 'makefile':
      return { kind: form, error: gatherShell(into, text) };
    case 'runner-config':
      return { kind: form, error: gatherRunner(into, text, 0, innerYaml(into)) };
    case 'dockerfile':
    case 'text':
      return { kind: 'text', error: null };
  }
}

/** Commands, and what they are fed in here-documents. */
function gatherShell(into: Gathered, text: string): TextError {
  const { variables, heredocs } = readShell(text, 0);
  for (const [name, value] of variables) into.variables.set(name, value);
  gatherCommands(into, text, 0);
  let first: TextError = null;
  for (const { text: fed, base } of heredocs) {
    // A configuration need not name BuildKit; the file that it is written to does.
    const named = looksLikeToml(fed) && /buildkit/.test(lineBefore(text, base));
    if (!named && !mentionsBuildkit(fed)) continue;
    const form = formOf('', fed);
    if (form === 'yaml') {
      const { documents, error } = readYaml(fed, base);
      first ??= error;
      gatherYaml(into, documents);
    } else if (form === 'buildkitd.toml')
      into.configs.push({
        path: 'buildkitd.toml',
        span: { start: base, end: base + fed.length },
        text: fed,
        name: 'buildkitd.toml',
      });
    else gatherCommands(into, fed, base);
  }
  return first;
}

const lineBefore = (text: string, at: number): string => text.slice(text.lastIndexOf('\n', at - 2) + 1, at);

const contentOf = (into: Gathered, kind: string, skipped: string | null, error: TextError): Content => {
  const { pods, objects, builders, configs, strays } = into;
  return { kind, skipped, error, pods, objects, builders, configs, strays };
};
