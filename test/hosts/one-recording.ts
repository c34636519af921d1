import { recordingHost } from '../../src/host/recording.ts';
import { assessed } from '../assessed.ts';
import { MACHINES, openMachine } from './machines.ts';

/** The recording of a machine, as `check --record` would write it; of the same bytes whoever asks. */
export async function oneRecording(id: string): Promise<string> {
  const machine = MACHINES.find((each) => each.id === id);
  if (machine === undefined) throw new Error(`there is no machine ${id}`);
  const { host, request } = openMachine(machine);
  const recorder = recordingHost(host, request, 'x64');
  await assessed(recorder.host, request);
  return JSON.stringify(recorder.recording());
}
