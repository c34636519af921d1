import type { Fact } from '../../model/look.ts';

/** Whether the person who builds has an SSH agent to forward. */
export const sshAgent: Fact<boolean> = {
  id: 'ssh-agent',
  async read({ host }) {
    const path = (await host.env()).SSH_AUTH_SOCK;
    if (path === undefined || !path.startsWith('/')) return false;
    return (await host.stat(path, 'self'))?.kind === 'socket';
  },
};
