import { CONDITIONS, type Condition } from '../knowledge/conditions.ts';
import type { Place, Remedy } from '../knowledge/remedies/remedy.ts';
import { REMEDIES } from '../knowledge/remedies/table.ts';
import type { Symptom } from '../knowledge/symptoms/symptom.ts';
import { SYMPTOMS } from '../knowledge/symptoms/table.ts';
import { UNLOGGED } from '../knowledge/symptoms/unlogged.ts';
import { expanded } from '../symptoms/signature.ts';
import { remedyMarkdown } from './explanation.ts';
import { fenced } from './markdown-text.ts';

/** What can find conditions on a host. */
export type Finders = readonly {
  readonly id: string;
  readonly title: string;
  readonly conditions: readonly Condition[];
}[];

const PLACES: { readonly [P in Place]: string } = {
  host: 'What to do',
  docker: 'In a container of Docker',
  podman: 'With Podman or Buildah',
  kubernetes: 'In Kubernetes',
  lxc: 'In a guest of LXC or Proxmox',
  wsl: 'In WSL',
};
/** Of one signature with many alternatives these are shown. */
const MOST_TEXTS = 6;

/** The page of a condition: everything that the tables know of it. Checks stand by the path of their page. */
export function conditionPage(condition: Condition, ofHosts: Finders, ofFiles: Finders): string {
  const remedy = REMEDIES[condition];
  const blocks = [
    `# ${condition}`,
    `${CONDITIONS[condition]}.`,
    `**Why it matters**: ${remedy.why}`,
    ...remedySections(remedy),
    ...textSections(condition),
    '## Checks',
    ...checkSections(condition, ofHosts, ofFiles),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function checkSections(condition: Condition, ofHosts: Finders, ofFiles: Finders): readonly string[] {
  const [hosts, files] = [ofHosts, ofFiles].map((finders) =>
    finders
      .filter(({ conditions }) => conditions.includes(condition))
      .map(({ id, title }) => `- [${id}](../checks/${id}.md): ${title}`)
      .join('\n'),
  );
  return [
    hosts || 'No check looks for it on a host.',
    ...(files ? ['`bk-doctor lint` looks for it in files:', files] : []),
  ];
}

function remedySections({ steps, tell }: Remedy): readonly string[] {
  const sections = (Object.keys(PLACES) as Place[]).flatMap((place) => {
    const here = steps[place];
    return here === undefined ? [] : [`## ${PLACES[place]}`, ...remedyMarkdown(here)];
  });
  return tell === undefined ? sections : [...sections, '## How to make sure', ...remedyMarkdown(tell)];
}

function textSections(condition: Condition): readonly string[] {
  const alone = SYMPTOMS.filter(({ means }) => mainOf(means) === condition);
  const others = SYMPTOMS.filter(({ means }) => mainOf(means) !== condition && means.flat().includes(condition));
  const unlogged = UNLOGGED.find(({ conditions }) => conditions.includes(condition));
  if (unlogged !== undefined) return ['## How it is met in logs', `By no text of its own. ${unlogged.why}`];
  return [
    '## How it is met in logs',
    ...alone.flatMap(textsOf),
    ...(others.length === 0
      ? []
      : ['Texts that mostly mean something else, and sometimes this:', ...others.flatMap(textsOf)]),
  ];
}

const mainOf = (means: Symptom['means']): Condition | undefined => means.find((meaning) => typeof meaning === 'string');

function textsOf({ by, says }: Symptom): readonly string[] {
  const texts = says.flatMap((signature) => expanded(signature).slice(0, MOST_TEXTS));
  return [
    `By ${by}:`,
    fenced(
      texts.map((text) => text.replaceAll('*', ' … ').replaceAll('#', '…').replace(/ +/g, ' ').trim()),
      'text',
    ),
  ];
}
