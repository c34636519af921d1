/** Command lines that people really type, for the end of each command's help. */
export const EXAMPLES: { readonly [command: string]: readonly string[] } = {
  'bk-doctor': ['bk-doctor', 'bk-doctor fix', 'sudo bk-doctor --user alice', 'bk-doctor explain build.log'],
  check: [
    'bk-doctor',
    'sudo bk-doctor check --user alice',
    'bk-doctor check --config ./buildkitd.toml --address tcp://127.0.0.1:1234',
    'bk-doctor check --only idmap,userns --fail-on warning --quiet',
    'bk-doctor check --wait 5m --quiet',
    'bk-doctor check --baseline last-week.json --waivers waivers.toml',
    'bk-doctor check --json --output report.json',
    'bk-doctor check --from sosreport-web1.tar.xz --user alice',
  ],
  fix: [
    'bk-doctor fix --dry-run',
    'sudo bk-doctor fix --user alice --yes',
    'bk-doctor fix --only idmap/ranges',
    'bk-doctor fix --script >fix.sh',
  ],
  setup: [
    'bk-doctor setup --dry-run',
    'bk-doctor setup --yes',
    'sudo bk-doctor setup --mode rootful --socket',
    'sudo bk-doctor setup --system --user ci --yes',
    'bk-doctor setup --remove',
  ],
  undo: ['bk-doctor undo --dry-run', 'bk-doctor undo', 'bk-doctor undo 3', 'bk-doctor undo 3.2'],
  history: ['bk-doctor history', 'bk-doctor history --json'],
  explain: [
    'bk-doctor explain build.log',
    'journalctl --user -u buildkit | bk-doctor explain --check',
    'docker build . 2>&1 | bk-doctor explain',
  ],
  verify: ['bk-doctor verify', 'sudo bk-doctor verify --user alice'],
  shell: ['bk-doctor shell', 'bk-doctor shell -- mount', 'sudo bk-doctor shell --user alice -- ip address'],
  lint: [
    'bk-doctor lint deploy.yaml',
    'bk-doctor lint Dockerfile --buildkit 0.11.6 --mode rootless',
    'bk-doctor lint . --format github',
    'bk-doctor lint deploy.yaml --fix --write',
  ],
  template: ['bk-doctor template kubernetes --mode rootless >deploy.yaml', 'bk-doctor template compose'],
  diff: ['bk-doctor diff old.json new.json', 'bk-doctor diff --fail-on warning old.json new.json --json'],
  merge: ['bk-doctor merge reports/', 'bk-doctor merge web*.json --json'],
  list: ['bk-doctor list', 'bk-doctor list --verbose'],
  show: ['bk-doctor show idmap/ranges', 'bk-doctor show idmap', 'bk-doctor show idmap.subid-missing'],
  help: ['bk-doctor help fix', 'bk-doctor help idmap/ranges'],
  man: ['bk-doctor man | man -l -'],
  completion: ['source <(bk-doctor completion bash)', 'bk-doctor completion fish | source'],
  version: ['bk-doctor version'],
};

/** What the exit code says, for the end of the help. */
export const EXIT_MEANINGS: readonly { readonly code: string; readonly meaning: string }[] = [
  { code: '0', meaning: 'nothing at or above --fail-on was found (undo: done; explain: a cause)' },
  { code: '1', meaning: 'something was found or remains (undo: refused; explain: none known)' },
  { code: '2', meaning: 'the call is wrong; nothing was done' },
  { code: '3', meaning: 'a required check could not run, or an internal error' },
];
