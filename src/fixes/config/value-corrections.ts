import { type ListenAddress, parseIp, parseListenAddress } from '../../buildkit/address.ts';
import { parseSize } from '../../buildkit/sizes.ts';
import { meantSnapshotter } from '../../buildkit/snapshotter-names.ts';
import { isSince, type Release } from '../../buildkit/version.ts';
import { meantAddress } from '../../checks/config/address-rules.ts';
import type { ValueEvidence } from '../../checks/config/buildkitd-case.ts';
import type { Json } from '../../model/look.ts';
import { nearest } from '../../text/nearest.ts';

/** What to write for a value that does not do what it says. */
export interface Rewording {
  /** The value to be written instead; null: a person has to say. */
  readonly instead: Json | null;
  readonly advice: string | null;
}

/** From this release on, sizes and times can be written in words. */
const IN_WORDS: Release = [0, 12, 0];

const only = (advice: string): Rewording => ({ instead: null, advice });

/** `newest`: the newest release that may be at hand. */
export function rewordingOf({ what, key, value, choices }: ValueEvidence, newest: Release): Rewording {
  const text = typeof value === 'string' ? value : '';
  const oneOf = `Write one of ${choices.join(', ')}`;
  switch (what) {
    case 'snapshotter': {
      const meant = meantSnapshotter(text);
      return {
        instead: meant !== null && choices.includes(meant) ? meant : null,
        advice: `${oneOf}; auto takes the best that works.`,
      };
    }
    case 'containerd-snapshotter':
      return only('Write a snapshotter that this containerd has (ctr plugins ls), overlayfs for example.');
    case 'network-mode':
      return text === 'none'
        ? only(`${oneOf}. Single steps go without network by RUN --network=none.`)
        : { instead: sameOrNearest(text, choices), advice: `${oneOf}.` };
    case 'log-format':
      return { instead: sameOrNearest(text, choices), advice: `Write ${choices.join(' or ')}.` };
    case 'log-level':
      return { instead: nearest(text, choices), advice: `${oneOf}.` };
    case 'address':
      return address(text);
    case 'debug-address':
      return only('Write host:port, such as 127.0.0.1:6060.');
    case 'platform':
      return only('Write platforms as "linux/amd64" or "linux/arm/v7".');
    case 'registry-concurrency':
      return only('Write a number greater than zero, or remove the key: the default is 4.');
    case 'history-entries':
      return only('Write a number from 0 on, or remove the key: the default is 50.');
    case 'name-server':
      return only('Write IP addresses without port and without name.');
    case 'dockerfile-off':
      return only('Write enabled = true, or remove the line, unless no client is to build Dockerfiles.');
    case 'proxy-scheme': {
      const path = text.replace(/^unix:\/\//, '');
      return { instead: path, advice: `Write ${JSON.stringify(path)}.` };
    }
    case 'repository':
      return only('Write repositories as "docker/dockerfile" or "host:port/path".');
    case 'literal-path':
      return only('Write the whole path.');
    case 'percentage':
      return only('Write a percentage from "0%" to "100%".');
    case 'negative-size':
      return only('Write a size.');
    case 'small-size':
      return only(`Write ${inMegabytes(value, newest)} if megabytes were meant.`);
    case 'long-time':
      return only(`Write the time in seconds${isSince(newest, IN_WORDS) ? ', or as text such as "48h"' : ''}.`);
    case 'sandbox-rootful':
      return only('Remove noProcessSandbox, or start buildkitd through rootlesskit.');
    case 'gc-rules': {
      const name = key?.split('.').at(-1) ?? '';
      return only(`Write ${name === 'gckeepstorage' ? 'the size' : name} into those rules, or remove it.`);
    }
    case 'gc-off':
    case 'unused':
      return { instead: null, advice: null };
  }
}

const sameOrNearest = (text: string, choices: readonly string[]): string | null =>
  choices.find((choice) => choice === text.toLowerCase()) ?? nearest(text, choices);

function address(text: string): Rewording {
  const parsed = parseListenAddress(text);
  const meant = parsed.scheme === null ? meantAddress(text) : null;
  return {
    // A socket at that path opens nothing to the network; a port is a person's decision.
    instead: meant?.startsWith('unix:') ? meant : null,
    advice: meant === null ? addressAdvice(parsed) : `Write ${meant}.`,
  };
}

/** How an address of a known scheme is written. */
function addressAdvice(address: ListenAddress): string {
  const bare = address.scheme === 'tcp' ? /^([\s\S]*):(\d+)$/.exec(address.hostPort) : null;
  if (bare?.[1] !== undefined && parseIp(bare[1]) !== null)
    return `Write an IPv6 host in brackets: tcp://[${bare[1]}]:${bare[2] ?? ''}.`;
  return 'Write unix:///PATH or tcp://HOST:PORT.';
}

function inMegabytes(value: Json, newest: Release): string {
  const parsed = typeof value === 'string' ? parseSize(value) : { bytes: Number(value) };
  const bytes = parsed !== null && typeof parsed === 'object' && 'bytes' in parsed ? Math.trunc(parsed.bytes) : 0;
  return isSince(newest, IN_WORDS) ? `"${bytes}MB"` : `${bytes}000000`;
}
