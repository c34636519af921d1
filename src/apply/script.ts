import type { HostReader } from '../model.ts';
import type { CheckTreatment } from './types.ts';

/** One commented POSIX shell script that does the same steps and may be run twice. Reads only. */
export async function script(_treatments: readonly CheckTreatment[], _host: HostReader): Promise<string> {
  throw new Error('not built yet');
}
