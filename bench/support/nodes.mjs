// The Nodes that godwit supports: the one that runs the benchmark, and npm's for the others.
const majors = [20, 22, 24];

/** @returns {Promise<readonly { name: string, node: string }[]>} the oldest first */
export async function nodesOf(workshop) {
  const { hasOtherNodes, otherNode } = await workshop.embedded();
  const own = Number(process.versions.node.split('.')[0]);
  const found = [];
  for (const major of majors) {
    if (major === own) found.push({ name: `Node ${major}`, node: process.execPath });
    else if (hasOtherNodes) found.push({ name: `Node ${major}`, node: await otherNode(major) });
  }
  return found;
}
