import { fixBy } from './remedy.ts';
import { offsetOf, retagged } from './start.ts';

export const mendBuilder = fixBy('Ask buildx for what its driver has', {
  'driver-option': ({ values, problem, text }) => {
    const start = offsetOf(text, problem.at?.line ?? 1, problem.at?.column ?? 1);
    const end = offsetOf(text, problem.at?.endLine ?? 1, problem.at?.endColumn ?? 1) + 1;
    const found = text.slice(start, end).indexOf(`${values.name}=`);
    return {
      say: [values.meant ? `Write ${values.meant}, or leave the option out.` : 'Leave the option out.'],
      changes:
        values.meant && found >= 0
          ? [{ start: start + found, end: start + found + (values.name ?? '').length, text: values.meant }]
          : null,
    };
  },
  remote: () => ({ say: ['Leave both out: whoever starts that buildkitd gives it flags and configuration.'] }),
  tag: (ailment) => ({ say: [`Write the tag ${ailment.values.meant}.`], changes: retagged(ailment) }),
  'builder-mode': ({ values, problem, text }) => {
    const image = values.image ?? '';
    const start = offsetOf(text, problem.at?.line ?? 1, problem.at?.column ?? 1);
    const found = text.indexOf(image, start);
    const end = found + image.length;
    return {
      say: ['Take a rootless image (image=moby/buildkit:buildx-stable-1-rootless), or leave image out.'],
      changes: found < 0 || !image.includes(':') ? null : [{ start: end, end, text: '-rootless' }],
    };
  },
  'builder-flags': ({ values }) => ({
    say: [
      `Leave ${values.names} out: the container of this driver is privileged, or confined as its rootless option says.`,
    ],
  }),
  'sandbox-flag': ({ problem, text }) => {
    const start = offsetOf(text, problem.at?.line ?? 1, problem.at?.column ?? 1);
    const end = offsetOf(text, problem.at?.endLine ?? 1, problem.at?.endColumn ?? 1) + 1;
    const found = /--oci-worker-no-process-sandbox(?:=true)?/.exec(text.slice(start, end));
    let before = found === null ? start : start + found.index;
    while (before > start && ' \t'.includes(text.charAt(before - 1))) before--;
    return {
      say: ['Leave --oci-worker-no-process-sandbox out, or take a rootless image.'],
      changes: found === null ? null : [{ start: before, end: start + found.index + found[0].length, text: '' }],
    };
  },
  entitlement: () => ({ say: ['Allow it only where every build is trusted; else leave the flag out.'] }),
  'entitlement-unknown': () => ({ say: ['Leave it out: there are network.host, security.insecure and device.'] }),
});
