#!/usr/bin/env sh
':' /*
# A shell reads as far as "exec", and Node over all of this, which is a comment to it. Where SELinux lets no memory become
# executable, Node ends before any program of its own begins, unless it compiles nothing; a shell that execs says nothing later.
mode= enforcing=
{ read -r enforcing </sys/fs/selinux/enforce; } 2>/dev/null
if [ "$enforcing" = 1 ]; then
  for refused in allow_execmem:0 deny_execmem:1; do
    now=
    { read -r now _ <"/sys/fs/selinux/booleans/${refused%:*}"; } 2>/dev/null
    [ "$now" = "${refused#*:}" ] && mode=--jitless
  done
fi
exec node $mode "$0" "$@"
*/
// Written so that every Node can read it: one that is too old is told so, and loads nothing else.
const [major, minor] = process.versions.node.split('.').map(Number);

/** The command itself never throws: what comes here is wrong with this copy of it, or with its Node. */
function give(up) {
  process.stderr.write(`bk-doctor: ${up}\n`);
  process.exitCode = 3;
}

function start() {
  // biome-ignore lint/style/useNodejsImportProtocol: Node 12 does not know that form
  const { existsSync } = require('fs');
  // biome-ignore lint/style/useNodejsImportProtocol: as above
  const { resolve } = require('path');
  const built = resolve(__dirname, '../dist/main.cjs');
  if (!existsSync(built)) {
    give('this copy has not been built yet: run "npm run build" in its directory');
    return;
  }
  try {
    require('./load.js')
      .load(built)
      .main(process.argv.slice(2), process, performance.now())
      .then((code) => {
        process.exitCode = code;
      });
  } catch (error) {
    give(
      `this copy is damaged (${String(error).split('\n')[0]}): install it again, or run "npm run build" in its directory`,
    );
  }
}

if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22) start();
else give(`this is Node.js ${process.version} (${process.execPath}); bk-doctor needs ^20.19 or >=22.12`);
