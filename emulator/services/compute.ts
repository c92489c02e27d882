import { ApiError, invalid, notFound } from '../core/errors.ts';
import { textOf, type Json } from '../core/json.ts';
import { resourcesOf } from '../core/resources.ts';
import type { Call, PlainModule, PlainRequest } from '../core/service.ts';

const collection = '/compute/v1/projects/{project}/regions/{region}/subnetworks';

const parentOf = ({ params }: PlainRequest): string =>
  `projects/${params['project'] ?? ''}/regions/${params['region'] ?? ''}`;

const nameOf = (request: PlainRequest): string =>
  `${parentOf(request)}/subnetworks/${request.params['subnetwork'] ?? ''}`;

/** The fields that a subnet for jobs needs. */
const fields = ['name', 'network', 'ipCidrRange', 'region', 'privateIpGoogleAccess', 'description'];

/** Proto: `google/cloud/compute/v1/compute.proto`, InsertSubnetworkRequest and Subnetwork. */
function insert(request: PlainRequest, { world }: Call): Json {
  const { body } = request;
  const unknown = Object.keys(body).find((name) => !fields.includes(name));
  if (unknown !== undefined)
    throw invalid(unknown, `Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`);
  const name = textOf(body['name']);
  if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    throw invalid('resource.name', `Invalid value for field 'resource.name': '${name}'.`);
  const network = /^(?:https?:\/\/[^/]+\/compute\/v1\/)?projects\/[^/]+\/global\/networks\/([^/]+)$/.exec(
    textOf(body['network']),
  )?.[1];
  if (network === undefined)
    throw invalid(
      'resource.network',
      `Invalid value for field 'resource.network': '${textOf(body['network'])}'. The URL is malformed.`,
    );
  if (!/^(\d{1,3}\.){3}\d{1,3}\/(8|9|1\d|2\d)$/.test(textOf(body['ipCidrRange'])))
    throw invalid(
      'resource.ipCidrRange',
      `Invalid value for field 'resource.ipCidrRange': '${textOf(body['ipCidrRange'])}'.`,
    );
  const { subnetworks } = resourcesOf(world);
  const full = `${parentOf(request)}/subnetworks/${name}`;
  if (subnetworks.has(full)) throw new ApiError('ALREADY_EXISTS', `The resource '${full}' already exists`);
  subnetworks.set(full, network);
  return {
    kind: 'compute#operation',
    name: `operation-${subnetworks.size}`,
    operationType: 'insert',
    status: 'DONE',
    progress: 100,
    // Documentation: addresses of resources begin so, whatever host was asked.
    region: `https://www.googleapis.com/compute/v1/${parentOf(request)}`,
    targetLink: `https://www.googleapis.com/compute/v1/${full}`,
  };
}

/** Compute Engine, as far as jobs need a subnet of their own. Assumed: every project has the network `default`. */
export const compute: PlainModule = {
  name: 'compute',
  routes: [
    {
      verb: 'post',
      path: collection,
      method: 'google.cloud.compute.v1.Subnetworks.Insert',
      mark: 'proto',
      needs: (request) => [{ permission: 'compute.subnetworks.create', resource: parentOf(request) }],
      handle: insert,
    },
    {
      verb: 'get',
      path: `${collection}/{subnetwork}`,
      method: 'google.cloud.compute.v1.Subnetworks.Get',
      mark: 'proto',
      needs: (request) => [{ permission: 'compute.subnetworks.get', resource: nameOf(request) }],
      handle(request, { world }) {
        const network = resourcesOf(world).subnetworks.get(nameOf(request));
        if (network === undefined) throw notFound(`The resource '${nameOf(request)}' was not found`);
        return { kind: 'compute#subnetwork', name: request.params['subnetwork'] ?? '', network };
      },
    },
  ],
};
