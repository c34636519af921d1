import type { Fact } from '../../model/look.ts';

/** Did the person allow probes? */
export const probing: Fact<boolean> = {
  id: 'probing',
  read: async ({ request }) => request.probe,
};
