/** What of a node decides whether BuildKit runs in its containers; null is what is not known. */
export interface NodeTraits {
  /** As it is called in messages. */
  readonly name: string;
  /** The kubelet uses RuntimeDefault where no seccomp profile is named. */
  readonly seccompDefault: boolean | null;
  /** AppArmor is active, so that runtimes have a profile of their own. */
  readonly apparmor: boolean | null;
  /** user.max_user_namespaces is 0. */
  readonly withoutUserNamespaces: boolean | null;
  /** AppArmor takes the rights of namespaces that ordinary users make. */
  readonly restrictsUserNamespaces: boolean | null;
  /** The Pod Security level of namespaces that name none. */
  readonly level: 'baseline' | null;
  /** What refuses a privileged container, a profile Unconfined, an account of one's own. */
  readonly refuses: {
    readonly privileged: string | null;
    readonly unconfined: string | null;
    readonly account: string | null;
  };
}

const NOTHING = { privileged: null, unconfined: null, account: null } as const;

/** A node of which nothing is known but its name. */
export const unknownNode = (name: string): NodeTraits => ({
  name,
  seccompDefault: null,
  apparmor: null,
  withoutUserNamespaces: null,
  restrictsUserNamespaces: null,
  level: null,
  refuses: NOTHING,
});

const kind = (name: string, traits: Partial<NodeTraits>): NodeTraits => ({ ...unknownNode(name), ...traits });

const SCC = 'the security context constraint restricted-v2 of OpenShift';

/** Kinds of nodes as they come. */
export const NODE_KINDS: { readonly [name: string]: NodeTraits } = {
  talos: kind('Talos', {
    seccompDefault: true,
    apparmor: false,
    withoutUserNamespaces: true,
    restrictsUserNamespaces: false,
    level: 'baseline',
  }),
  autopilot: kind('GKE Autopilot', {
    seccompDefault: true,
    apparmor: true,
    withoutUserNamespaces: false,
    restrictsUserNamespaces: false,
    refuses: { ...NOTHING, privileged: 'GKE Autopilot (autogke-disallow-privilege)' },
  }),
  bottlerocket: kind('Bottlerocket', {
    seccompDefault: false,
    apparmor: false,
    withoutUserNamespaces: true,
    restrictsUserNamespaces: false,
  }),
  cos: kind('Container-Optimized OS', {
    seccompDefault: false,
    apparmor: true,
    withoutUserNamespaces: false,
    restrictsUserNamespaces: false,
  }),
  ubuntu: kind('Ubuntu', { seccompDefault: false, apparmor: true, withoutUserNamespaces: false }),
  debian: kind('Debian', {
    seccompDefault: false,
    apparmor: true,
    withoutUserNamespaces: false,
    restrictsUserNamespaces: false,
  }),
  openshift: kind('OpenShift', {
    seccompDefault: true,
    apparmor: false,
    withoutUserNamespaces: false,
    restrictsUserNamespaces: false,
    refuses: { privileged: SCC, unconfined: SCC, account: SCC },
  }),
};
