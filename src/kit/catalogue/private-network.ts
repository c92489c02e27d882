import { entries } from './entry.ts';

/** Private networks of this machine's own, for the demo. */
export const privateNetworkFaults = entries({
  'private-network-unavailable': {
    title: 'This machine cannot make a private network',
    why: 'It takes network namespaces of Linux, and the right to make them.',
    fix: 'Run it on Linux as root, or where unprivileged user namespaces are allowed. `godwit demo --cloud-run` shows the same without namespaces.',
    exit: 30,
  },
});
