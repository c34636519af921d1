import { connect } from 'node:net';
import { createInterface } from 'node:readline';

interface Command {
  readonly execute: string;
  readonly arguments?: object;
}

/** The answers of qemu to its own commands, through its socket. Throws where it does not answer, or refuses. */
export async function ask(socket: string, ...commands: readonly Command[]): Promise<readonly unknown[]> {
  const connection = connect(socket);
  connection.setTimeout(120_000, () => connection.destroy(new Error('qemu does not answer')));
  const answers: unknown[] = [];
  const waiting = [{ execute: 'qmp_capabilities' }, ...commands];
  const next = (): void => {
    const command = waiting.shift();
    if (command === undefined) connection.end();
    else connection.write(`${JSON.stringify(command)}\n`);
  };
  try {
    for await (const line of createInterface({ input: connection })) {
      const said = JSON.parse(line) as { QMP?: object; return?: unknown; error?: { desc: string } };
      if (said.error !== undefined) throw new Error(`qemu: ${said.error.desc}`);
      if (said.QMP === undefined && said.return === undefined) continue;
      if (said.return !== undefined) answers.push(said.return);
      next();
    }
  } finally {
    connection.destroy();
  }
  return answers.slice(1);
}

export async function statusOf(socket: string): Promise<string | null> {
  try {
    const [answer] = await ask(socket, { execute: 'query-status' });
    return (answer as { status: string }).status;
  } catch {
    // Its socket is not there yet.
    return null;
  }
}

/** Stops the machine and writes its memory to a file. */
export async function saveMemory(socket: string, file: string): Promise<void> {
  await ask(socket, { execute: 'stop' }, { execute: 'migrate', arguments: { uri: `exec:cat >'${file}'` } });
  for (;;) {
    const [answer] = await ask(socket, { execute: 'query-migrate' });
    const { status } = answer as { status: string };
    if (status === 'completed') return;
    if (status === 'failed' || status === 'cancelled') throw new Error(`the memory was not saved: ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
