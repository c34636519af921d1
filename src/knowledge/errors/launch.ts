/** Where the launch of rootlesskit breaks. */
export type LaunchStage = 'clone' | 'map' | 'network' | 'setup';

/** The words that name the stage, earlier stages first. */
const STAGES: readonly (readonly [says: RegExp, stage: LaunchStage])[] = [
  [/fork\/exec \/proc\/self\/exe/, 'clone'],
  [/uid\/gid map|newuidmap|newgidmap|subuid|subgid|unknown userid|UID\/GID map|gain the caps|Cannot parse/i, 'map'],
  [/network|slirp4netns|pasta|tap\d|executable file not found/i, 'network'],
];

/** The stage at which rootlesskit failed with these words. */
export function launchStageOf(message: string): LaunchStage {
  return STAGES.find(([says]) => says.test(message))?.[1] ?? 'setup';
}
