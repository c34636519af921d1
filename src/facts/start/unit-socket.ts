import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { type Directive, lastOf, parseUnit, type UnitText } from '../target/directives.ts';
import { unit } from '../target/unit.ts';
import { filesOf, listDirectories } from '../target/unit-files.ts';
import { SYSTEM_DIRECTORIES } from '../target/unit-paths.ts';

/** The socket unit beside a system unit that starts buildkitd: who may reach the daemon is decided there. */
export interface UnitSocket {
  readonly name: string;
  /** SocketMode=; null: systemd's default, 0666. */
  readonly mode: Directive | null;
  readonly at: Directive['at'];
}

/** Null: there is none, or it is a user's, whose runtime directory keeps others out. */
export const unitSocket: Fact<UnitSocket | null> = {
  id: 'unit-socket',
  async read(look) {
    const service = await look.get(unit);
    if (service === null || service.scope === 'user') return null;
    const name = service.name.replace(/\.service$/, '.socket');
    const files = await filesOf(look, await listDirectories(look, SYSTEM_DIRECTORIES), name, 'system');
    if (files === null) return null;
    const texts: UnitText[] = [];
    for (const path of [files.fragment, ...files.dropIns]) {
      const text = (await look.host.read(path, 'target', undefined, 'unit').catch(asAbsent))?.text;
      if (text !== undefined) texts.push({ path, text });
    }
    const [first] = texts;
    if (first === undefined) return null;
    const written = parseUnit(texts);
    const listen = written.Socket?.ListenStream?.at(-1);
    if (listen === undefined) return null;
    return { name, mode: lastOf(written, 'SocketMode', 'Socket'), at: listen.at };
  },
};
