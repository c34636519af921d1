/**
 * Tokens by the shapes that those who issue them have published. The least length is short, so that one that was cut off in
 * a log is known as well.
 */
const SHAPES = [
  // GitHub, GitLab
  'gh[pousr]_[A-Za-z0-9]{10,255}',
  'github_pat_\\w{10,255}',
  'gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|oas|ffct)-[\\w.-]{10,255}',
  'GR1348941[\\w-]{10,80}',
  // AWS, Google, Azure, DigitalOcean
  'A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,20}',
  'AIza[\\w-]{20,60}',
  'ya29\\.[\\w-]{10,500}',
  'GOCSPX-[\\w-]{10,60}',
  '1//0[\\w-]{20,200}',
  'do[opr]_v1_[a-f0-9]{20,80}',
  // Docker, npm, PyPI, RubyGems, NuGet, Cargo, Artifactory
  'dckr_[op]at_[\\w-]{10,80}',
  'npm_[A-Za-z0-9]{10,80}',
  'pypi-[\\w-]{16,400}',
  'rubygems_[a-f0-9]{20,80}',
  'oy2[a-z0-9]{43}',
  'AKCp[A-Za-z0-9]{20,100}',
  // Slack, Stripe, SendGrid, Twilio, Shopify, Telegram, Discord
  'xox[abeoprs](?:\\.xox[bp])?-[\\w-]{8,300}',
  'xapp-[\\w-]{8,200}',
  '[sr]k_(?:live|test)_[A-Za-z0-9]{10,200}',
  'whsec_[A-Za-z0-9+/=]{10,100}',
  'SG\\.[\\w-]{10,40}\\.[\\w-]{10,80}',
  'shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{20,60}',
  '\\d{8,10}:AA[\\w-]{30,40}',
  'SK[0-9a-f]{32}',
  'key-[0-9a-f]{32}',
  'HRKU-[\\w-]{10,80}',
  // Models, notebooks
  'sk-[\\w-]{16,255}',
  'hf_[A-Za-z0-9]{16,60}',
  'dapi[a-f0-9]{32}',
  // Vault, Terraform, Buildkite, CircleCI, Atlassian, Linear, Grafana, New Relic, PlanetScale
  'hv[sbr]\\.[\\w-]{16,300}',
  '[A-Za-z0-9]{14}\\.atlasv1\\.[\\w-]{20,100}',
  'bk(?:ua|ct|aj|at)_[A-Za-z0-9]{16,80}',
  'CCIP(?:AT|RJ)_[\\w-]{10,100}',
  'ATATT3[\\w=-]{16,300}',
  'lin_(?:api|oauth)_[A-Za-z0-9]{16,80}',
  'gl(?:c|sa)_[A-Za-z0-9+/=_]{16,200}',
  'NRAK-[A-Z0-9]{16,40}',
  'pscale_(?:tkn|pw|oauth)_[\\w.-]{16,80}',
  // Hashes of passwords (crypt(5)); a dollar sign is doubled where one begins a variable
  '\\$\\$?(?:1|apr1)\\$\\$?[\\w./]{1,8}\\$\\$?[\\w./]{22}',
  '\\$\\$?2[abxy]\\$\\$?\\d\\d\\$\\$?[\\w./]{53}',
  '\\$\\$?[56]\\$\\$?(?:rounds=\\d{1,9}\\$\\$?)?[\\w./]{1,16}\\$\\$?[\\w./]{43,86}',
  '\\$\\$?(?:y|gy|7)\\$\\$?[\\w./$]{40,200}',
  '\\$\\$?argon2(?:id|i|d)\\$[\\w=,$+/.-]{20,300}',
  // Web tokens, age
  'eyJ[\\w-]{10,4000}\\.(?:[\\w-]{5,8000}(?:\\.[\\w-]{0,2000})?)?',
  'AGE-SECRET-KEY-1[A-Z0-9]{20,80}',
];

/** What may stand before a token: no letter or digit, or a letter after a backslash (an end of line in JSON). */
export const TOKENS = new RegExp(`(?<![A-Za-z0-9]|[A-Za-z0-9]_)(?:${SHAPES.join('|')})`, 'g');

/** Its path is its secret. */
export const HOOKS =
  /(hooks\.slack\.com\/(?:services|workflows|triggers)\/|discord(?:app)?\.com\/api\/webhooks\/|\.webhook\.office\.com\/|api\.telegram\.org\/(?:file\/)?bot)([^\s"'<>]{4,400})/g;

/**
 * A word that nobody writes by hand: long, of all kinds of characters, and no number of a digest (which is hexadecimal),
 * no path and no name with words in it.
 */
export function looksRandom(word: string): boolean {
  if (word.length < 32 || !/^[\w+/=-]+$/.test(word) || /^[\da-fA-F-]+$/.test(word)) return false;
  const digits = word.match(/\d/g)?.length ?? 0;
  const upper = word.match(/[A-Z]/g)?.length ?? 0;
  const lower = word.match(/[a-z]/g)?.length ?? 0;
  if (upper < 3 || lower < 3) return false;
  const runs = word.match(/[a-z]{6,}|[A-Z]{6,}|\d{7,}/g) ?? [];
  const changes = word.match(/[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|\d(?=[A-Za-z])/g)?.length ?? 0;
  return runs.join('').length * 3 < word.length && changes * (digits < 2 ? 3 : 4) > word.length;
}
