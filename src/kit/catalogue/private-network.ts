import { entries } from './entry.ts';

/** Private networks of this machine's own, for the demo. */
export const privateNetworkFaults = entries({
  'private-network-unavailable': {
    title: 'This machine cannot create a private network',
    why: 'The demo needs Linux network namespaces and permission to create them.',
    fix: 'Run it on Linux as root, or where unprivileged user namespaces are allowed. `godwit demo --cloud-run` shows the same without namespaces.',
    exit: 30,
  },
});
