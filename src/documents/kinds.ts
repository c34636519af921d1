/** Does the text have tables of buildkitd.toml? */
export const looksLikeToml = (text: string): boolean =>
  /^[ \t]*\[\[?(?:worker|registry|grpc|otel|cdi|history|system|dns|frontend|log|gc|debug)\b/m.test(text);

/** Forms of text that are told apart before anything is parsed. */
export type Form =
  | 'buildkitd.toml'
  | 'runner-config'
  | 'quadlet'
  | 'unit'
  | 'jenkinsfile'
  | 'makefile'
  | 'shell'
  | 'dockerfile'
  | 'yaml'
  | 'text';

/** Only a text with one of these words can have to do with BuildKit. */
const WORDS = /buildkit|buildx|buildctl|\bdind\b/i;

export const mentionsBuildkit = (text: string): boolean => WORDS.test(text);

/** What a text is, by what stands in it; its name only where both can be. */
export function formOf(name: string, text: string): Form {
  const file = name.slice(name.lastIndexOf('/') + 1);
  if (/\.(?:md|markdown|rst|adoc|html?|json5|jsonc|tsx?|jsx?|py|go|rs|rb|java|tf)$/i.test(file)) return 'text';
  if (/^[ \t]*\[\[runners\]\]/m.test(text) && !/\.ya?ml$/.test(file) && !isYaml(text)) return 'runner-config';
  if (/^\[Container\]\s*$/m.test(text)) return 'quadlet';
  if (/^\[Service\]\s*$/m.test(text) && /^Exec\w*\s*=/m.test(text)) return 'unit';
  if (/\.toml$/.test(file)) return isBuildkitToml(file, text) ? 'buildkitd.toml' : 'text';
  if (/^#!.*\b(?:ba|da|z|k)?sh\b/.test(text) || /\.(?:sh|bash)$/.test(file)) return 'shell';
  if (looksLikeToml(text) && !/^[ \t]*\w[\w-]*:(?:\s|$)/m.test(text)) return 'buildkitd.toml';
  if (/jenkinsfile/i.test(file) || /\.(?:groovy|jenkins)$/.test(file) || isGroovy(text)) return 'jenkinsfile';
  if (/^(?:GNU)?[Mm]akefile|\.mk$|^\.?justfile$|\.just$/i.test(file)) return 'makefile';
  if (/dockerfile|containerfile/i.test(file) || /^\s*(?:#.*\n\s*)*(?:ARG\s.*\n\s*)*FROM\s+\S+/.test(text))
    return 'dockerfile';
  if (/\.(?:ya?ml|json)$/.test(file) || isYaml(text)) return 'yaml';
  if (/^[\w.-]+\s*:[^=\n]*\n\t/m.test(text)) return 'makefile';
  return /\b(?:docker|podman|nerdctl|buildx)\b/.test(text) ? 'shell' : 'text';
}

/** A configuration need not name BuildKit in its text. */
export const isConfiguration = (name: string, text: string): boolean =>
  (name === '-' || name.endsWith('.toml')) && isBuildkitToml(name.slice(name.lastIndexOf('/') + 1), text);

/** containerd's configuration has tables of the same names. */
const isBuildkitToml = (file: string, text: string): boolean =>
  /buildkit/i.test(file) || (looksLikeToml(text) && !/^[ \t]*(?:\[plugins\b|version\s*=)/m.test(text));

const isGroovy = (text: string): boolean =>
  /^[ \t]*(?:pipeline[ \t]*\{|node[ \t]*[({]|podTemplate[ \t]*\(|@Library\b)/m.test(text) &&
  !/^apiVersion:/m.test(text);

/** Its first line that says anything is a key, an element of a list, or the beginning of a document. */
function isYaml(text: string): boolean {
  const first = text.split('\n', 200).find((line) => line.trim() !== '' && !line.startsWith('#'));
  return first !== undefined && /^[ \t]*(?:---|\{|- ?\w[\w-]*:|['"]?[\w.$:/-]+['"]?:(?:\s|$))/.test(first);
}

/** Values are data, also where templates are handed on in their texts. */
export const isValues = (name: string): boolean => /(?:^|[/_-])values[^/]*\.ya?ml$/.test(name);

/** Directives of Helm's template language, which no YAML has. */
export const isTemplate = (text: string): boolean =>
  /\{\{-?\s*(?:if|else|end|range|with|define|include|template|block|toYaml|tpl|printf|quote|default|\.Values|\.Release|\.Chart|\.Capabilities|\$[\w.]*\s*:=)\b/.test(
    text,
  );
