import { beforeTrailing } from '../../text/trailing.ts';
import type { Change } from './change.ts';
import { type Ailment, fixBy } from './remedy.ts';
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
    const tag = /:([\w.-]+)$/.exec(image)?.[1];
    const from = end - (tag === 'latest' ? tag.length : 0);
    const suffix = tag === 'latest' ? 'rootless' : '-rootless';
    return {
      say: ['Take a rootless image (image=moby/buildkit:buildx-stable-1-rootless), or leave image out.'],
      changes: found < 0 || tag === undefined ? null : [{ start: from, end, text: suffix }],
    };
  },
  'builder-flags': ({ values, problem, text }) => ({
    say: [
      `Leave ${values.names} out: the container of this driver is privileged, or confined as its rootless option says.`,
    ],
    changes: withoutFlags(problem, text, (values.names ?? '').split(', ')),
  }),
  'sandbox-flag': ({ problem, text }) => {
    const start = offsetOf(text, problem.at?.line ?? 1, problem.at?.column ?? 1);
    const end = offsetOf(text, problem.at?.endLine ?? 1, problem.at?.endColumn ?? 1) + 1;
    const found = /--oci-worker-no-process-sandbox(?:=true)?/.exec(text.slice(start, end));
    const before = beforeTrailing(text, ' \t', start + (found?.index ?? 0));
    return {
      say: ['Leave --oci-worker-no-process-sandbox out, or take a rootless image.'],
      changes: found === null ? null : [{ start: before, end: start + found.index + found[0].length, text: '' }],
    };
  },
  entitlement: () => ({ say: ['Allow it only where every build is trusted; else leave the flag out.'] }),
  'entitlement-unknown': () => ({ say: ['Leave it out: there are network.host, security.insecure and device.'] }),
});

/** The text without flags that buildkitd does not have, and without their values. */
function withoutFlags({ at }: Ailment['problem'], text: string, names: readonly string[]): readonly Change[] | null {
  if (at === undefined) return null;
  const start = offsetOf(text, at.line, at.column);
  const written = text.slice(start, offsetOf(text, at.endLine ?? at.line, at.endColumn ?? at.column) + 1);
  const option = /^--(?:buildkitd-)?flags[= ]*/.exec(written)?.[0].length ?? 0;
  const changes = names.flatMap((name) => {
    const pattern = new RegExp(`[ \\t]*(?<![\\w-])${name}(?![\\w-])(?:=[^\\s'"]*|[ \\t]+[^-\\s'"][^\\s'"]*)?`, 'g');
    return [...written.slice(option).matchAll(pattern)].map(({ index, 0: found }) => ({
      start: start + option + index,
      end: start + option + index + found.length,
      text: '',
    }));
  });
  return changes.length === 0 ? null : changes;
}
