import { fixBy } from './remedy.ts';

export const prepareNode = fixBy('Prepare the node', {
  'node-userns': ({ values }) => ({
    say: [
      values.node === 'Talos'
        ? 'Set machine.sysctls: {user.max_user_namespaces: "11255"} in the machine configuration.'
        : values.node === 'Bottlerocket'
          ? 'Set settings.kernel.sysctl."user.max_user_namespaces" = "16384" in the settings of the node.'
          : 'Set user.max_user_namespaces on the node, for example to 28633.',
    ],
  }),
  'node-restriction': () => ({
    say: [
      'Load an AppArmor profile with the rule userns, on each node, and name it: appArmorProfile: {type: Localhost, localhostProfile: NAME}; or set kernel.apparmor_restrict_unprivileged_userns to 0 there.',
    ],
  }),
  'node-policy': () => ({
    say: ['Run the pod under an account that may (a security context constraint, an allowlist), or on other nodes.'],
  }),
  policy: () => ({
    say: ['Label the namespace pod-security.kubernetes.io/enforce: privileged, for BuildKit alone.'],
  }),
});
