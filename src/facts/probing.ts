import type { Fact } from '../model.ts';

/** Did the person allow probes? */
export const probing: Fact<boolean> = {
  id: 'probing',
  read: async ({ request }) => request.probe,
};
