import { expect, test } from 'vitest';
import { TEMPLATE_KINDS, type TemplateMode, template } from '../../src/documents/templates.ts';
import { lint } from '../../src/examine/documents.ts';

const MODES: readonly TemplateMode[] = ['rootless', 'userns', 'privileged'];
const files = TEMPLATE_KINDS.flatMap((kind) => MODES.map((mode) => ({ kind, mode, text: template(kind, mode) })));

test('each place has a rootless and a privileged file', () => {
  expect(files.filter(({ text }) => text === null).map(({ mode }) => mode)).not.toContain('rootless');
  expect(files.filter(({ text }) => text === null).map(({ mode }) => mode)).not.toContain('privileged');
});

test.each(files.filter(({ text }) => text !== null))('lint finds nothing in $kind, $mode', async ({ kind, text }) => {
  const { checks, kind: found, skipped } = await lint({ path: 'file', text: text ?? '', file: null });
  expect(checks.flatMap(({ problems }) => problems)).toEqual([]);
  expect(skipped).toBeNull();
  const names: { readonly [kind: string]: string } = {
    docker: 'shell',
    podman: 'shell',
    tekton: 'kubernetes',
    actions: 'github-actions',
  };
  expect(found).toBe(names[kind] ?? kind);
});

test('lint really sees the container in it: without its flag, profile or privilege something is found', async () => {
  for (const { mode, text, kind } of files) {
    if (text === null || kind === 'actions') continue;
    const spoilt =
      mode === 'rootless'
        ? text
            .replaceAll('--oci-worker-no-process-sandbox', '')
            .replaceAll(/^.*(?:systempaths|unmask|Unmask).*\n/gm, '')
        : text.replaceAll(/-?-?privileged[:=]? ?(?:true)?/g, '').replaceAll('PodmanArgs=', '');
    const { checks } = await lint({ path: 'file', text: spoilt, file: null });
    if (kind !== 'gitlab' || mode === 'rootless')
      expect(
        checks.flatMap(({ problems }) => problems),
        `${kind} ${mode}`,
      ).not.toEqual([]);
  }
});
