import { expect, test } from 'vitest';
import { pageText } from '../../src/report/page.ts';
import { layout } from './everything.ts';

const PAGE = `# idmap/ranges

**User has subordinate ids**, as \`/etc/subuid\` says in a sentence that is longer than forty columns.
It goes on.

- one [link](../x.md) with \`a|b\`
  and more
- two

| condition | means |
|---|---|
| [\`idmap.subid-missing\`](x.md) | no file \\| no line for the user who would run the build |
| \`a|b\` | |

1. first
2. second

\`\`\`sh
sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"
\`\`\`
`;

test('a page is wrapped and without marks, and what is to be copied stays whole', () => {
  expect(pageText(PAGE, { ...layout, columns: 40 })).toBe(`idmap/ranges

User has subordinate ids, as /etc/subuid
says in a sentence that is longer than
forty columns. It goes on.

  - one link with a|b and more
  - two

  idmap.subid-missing
      no file | no line for the user who
      would run the build
  a|b

  1. first
  2. second

    sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"
`);
});

test('an open code block, an empty table and an empty page end', () => {
  expect(pageText('```\na', layout)).toBe('    a\n');
  expect(pageText('| a |', layout)).toBe('\n');
  expect(pageText('', layout)).toBe('\n');
});
