import type { Scenario } from '../scenario.ts';

/** How somebody comes in decides what there is: a session of logind, XDG_RUNTIME_DIR, limits, an environment. */
export const SESSIONS: readonly Scenario[] = [
  {
    name: 'a login through ssh',
    images: ['bookworm', 'trixie', 'bullseye'],
    short: true,
    run: async (stage) => {
      await stage.agrees('ssh');
    },
  },
  {
    name: 'su, sudo and a service',
    images: ['bookworm'],
    short: true,
    run: async (stage) => {
      await stage.agrees('su -, nobody logged in', { login: 'su', byRoot: false });
      await stage.agrees('sudo -i', { login: 'sudo', byRoot: false });
      await stage.agrees('a system service with User=', { login: 'service' });
    },
  },
  {
    name: 'logged out, and lingering',
    images: ['bookworm'],
    run: async (stage) => {
      // Ten seconds after the last logout logind takes the directory away.
      await stage.must('sleep 15; ! test -e /run/user/1000');
      await stage.agrees('logged out');
      await stage.must('loginctl enable-linger alice; sleep 5');
      await stage.agrees('lingering');
      await stage.agrees('lingering, by su', { login: 'su', byRoot: false });
    },
  },
];
