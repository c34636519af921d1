/** The options of a mount are one text in a page of memory. */
const PAGE = 4096;

/** As containerd puts them together for its trial (overlayutils): two layers, which it names from their own directory, and two whole paths. */
function trialOptions(root: string): number {
  const place = `${root}/multiple-lowerdir-check0123456789`;
  return `workdir=${place}/work,upperdir=${place}/upper,lowerdir=lower2:lower1`.length;
}

/** And for a RUN step on one layer, whose path is written out, with what it adds in a user namespace. */
function stepOptions(root: string): number {
  const snapshot = `${root}/runc-overlayfs/snapshots/snapshots/1`;
  return `workdir=${snapshot}/work,upperdir=${snapshot}/fs,lowerdir=${snapshot}/fs,index=off,userxattr`.length;
}

/** Is a state directory's path too long for the overlay mount by which buildkitd decides? Then it does without overlayfs. */
export const tooLongToChoose = (root: string): boolean => trialOptions(root) >= PAGE;

/** Is it too long for the mount of a RUN step? Every one then fails with "mount options is too long". */
export const tooLongForSteps = (root: string): boolean => stepOptions(root) >= PAGE;
