import { expect, test } from 'vitest';
import { dockerfileReference } from '../../src/builds/reference.ts';

test('the page about Dockerfiles says what the tables say', async () => {
  await expect(dockerfileReference()).toMatchFileSnapshot('../../docs/dockerfile.md');
});
