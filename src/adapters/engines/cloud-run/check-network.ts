import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { googleFault, nearestName } from '../../google/fault.ts';
import type { Google } from '../../google/google.ts';
import { listAll } from '../../google/operations.ts';
import { connectorName } from './names.ts';
import type { CloudRunOptions } from './options.ts';

/**
 * Checks that the connector exists and is ready. A subnet is left to the platform, which names it if it is wrong. A
 * caller without permission to read the connector passes: the platform checks for itself.
 */
export async function checkNetwork(google: Google, options: CloudRunOptions): Promise<Outcome<void>> {
  if (options.network.kind !== 'connector') return ok(undefined);
  const name = connectorName(options, options.network.connector);
  const region = /\/locations\/([^/]+)\//.exec(name)?.[1] ?? options.region;
  if (region !== options.region) {
    const why = `The connector ${name} is in ${region}, but the job is in ${options.region}.`;
    return err(fault('connector-missing', { why, fix: 'The job and the connector must be in the same region.' }));
  }
  const reply = await google.call<{ readonly state?: string }>({
    service: 'vpcaccess',
    method: 'GET',
    path: `v1/${name}`,
  });
  if (!reply.ok) {
    const { error } = reply;
    if (error.reason === 'NOT_FOUND') return err(await missing(google, options, name));
    if (error.reason === 'PERMISSION_DENIED' && error.detail !== 'SERVICE_DISABLED') return ok(undefined);
    return err(googleFault(error, { doing: 'reading connector', resource: name }));
  }
  const { state } = reply.value;
  if (state === 'READY' || state === 'UPDATING') return ok(undefined);
  const short = name.split('/').pop() ?? name;
  const why = `Connector ${name} is in state ${state ?? 'unknown'}.`;
  if (state !== 'ERROR') return err(fault('connector-not-ready', { why }));
  const remove = `gcloud compute networks vpc-access connectors delete ${short} --region ${region} --project ${options.project}`;
  return err(
    fault('connector-not-ready', {
      why,
      fix: `The connector does not recover on its own. Run \`${remove}\`, then create it again.`,
    }),
  );
}

/** The limit for a connector, according to the documentation of VPC access. */
const longestName = 25;

async function missing(google: Google, options: CloudRunOptions, name: string) {
  const parent = name.replace(/\/connectors\/.*$/, '');
  const listed = await listAll<{ readonly name: string }>(google, {
    service: 'vpcaccess',
    path: `v1/${parent}/connectors`,
    field: 'connectors',
    most: 100,
  });
  const names = listed.ok ? listed.value.map((one) => one.name.split('/').pop() ?? one.name) : [];
  const short = name.split('/').pop() ?? name;
  const why = `There is no connector ${name}.`;
  const near = nearestName(short, names) ?? (names.length === 1 ? names[0] : undefined);
  const create = `gcloud compute networks vpc-access connectors create ${short} --region ${options.region} --project ${options.project} --network default --range 10.8.0.0/28 --min-instances 2 --max-instances 3`;
  const way =
    short.length > longestName
      ? `name another one with \`network: { connector }\`: connectors have at most ${longestName} characters, this name has ${short.length}`
      : `create it: \`${create}\``;
  const fix =
    near === undefined
      ? `${way.charAt(0).toUpperCase()}${way.slice(1)}.`
      : `Did you mean \`network: { connector: "${near}" }\`? Otherwise ${way}.`;
  return fault('connector-missing', {
    why,
    fix: `${fix} A subnet works without a connector: \`network: { network, subnetwork }\`.`,
  });
}
