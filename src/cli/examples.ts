/** Command lines that people really type, for the end of each command's help. */
export const EXAMPLES: { readonly [command: string]: readonly string[] } = {
  'bk-doctor': ['bk-doctor', 'bk-doctor fix', 'sudo bk-doctor --user alice', 'bk-doctor explain build.log'],
  check: [
    'bk-doctor',
    'sudo bk-doctor check --user alice',
    'bk-doctor check --config ./buildkitd.toml --address tcp://127.0.0.1:1234',
    'bk-doctor check --only idmap,userns --fail-on warning --quiet',
    'bk-doctor check --wait 5m --quiet',
    'bk-doctor check --json --output report.json',
  ],
  fix: [
    'bk-doctor fix --dry-run',
    'sudo bk-doctor fix --user alice --yes',
    'bk-doctor fix --only idmap/ranges',
    'bk-doctor fix --script >fix.sh',
  ],
  undo: ['bk-doctor undo --dry-run', 'bk-doctor undo', 'bk-doctor undo 3', 'bk-doctor undo 3.2'],
  history: ['bk-doctor history', 'bk-doctor history --json'],
  explain: [
    'bk-doctor explain build.log',
    'journalctl --user -u buildkit | bk-doctor explain --check',
    'docker build . 2>&1 | bk-doctor explain',
  ],
  verify: ['bk-doctor verify', 'sudo bk-doctor verify --user alice'],
  lint: [
    'bk-doctor lint deploy.yaml',
    'bk-doctor lint Dockerfile --buildkit 0.11.6 --mode rootless',
    'bk-doctor lint . --format github',
    'bk-doctor lint deploy.yaml --fix --write',
  ],
  template: ['bk-doctor template kubernetes --mode rootless >deploy.yaml', 'bk-doctor template compose'],
  list: ['bk-doctor list', 'bk-doctor list --verbose'],
  show: ['bk-doctor show idmap/ranges', 'bk-doctor show idmap', 'bk-doctor show idmap.subid-missing'],
  help: ['bk-doctor help fix', 'bk-doctor help idmap/ranges'],
  version: ['bk-doctor version'],
};
