import { page } from '../core/dispatch.ts';
import { ApiError, invalid, notFound } from '../core/errors.ts';
import { numberOf, objectOf, textOf, type Json, type JsonObject } from '../core/json.ts';
import { resourcesOf } from '../core/resources.ts';
import { needs, type Call, type ServiceModule } from '../core/service.ts';
import { perWorld, type World } from '../core/world.ts';

/** The requested configuration of a connector; its state is among the resources that jobs check. */
const configurationsOf: (world: World) => Map<string, JsonObject> = perWorld(() => new Map<string, JsonObject>());

/** Documentation: the number of instances of a connector, and the throughput in Mbps that corresponds to it. */
const defaults = {
  machineType: 'e2-micro',
  minInstances: 2,
  maxInstances: 10,
  minThroughput: 200,
  maxThroughput: 1_000,
};

function view(world: World, name: string): JsonObject {
  const state = resourcesOf(world).connectors.get(name);
  if (state === undefined) throw notFound(`Resource '${name}' was not found`);
  const configuration = configurationsOf(world).get(name) ?? { network: 'default', ipCidrRange: '10.8.0.0/28' };
  return { ...defaults, ...configuration, name, state };
}

function createConnector(request: JsonObject, call: Call): Json {
  const id = textOf(request['connectorId']);
  // Documentation: at most 25 characters, so that it fits into names of network tags.
  if (!/^[a-z]([-a-z0-9]{0,23}[a-z0-9])?$/.test(id))
    throw invalid('connector_id', `Connector ID must match '^[a-z][-a-z0-9]{0,23}[a-z0-9]$': ${id}`);
  const parent = textOf(request['parent']);
  const name = `${parent}/connectors/${id}`;
  const { connectors } = resourcesOf(call.world);
  if (connectors.has(name)) throw new ApiError('ALREADY_EXISTS', `Requested entity already exists: ${name}`);
  const configuration = checked(objectOf(request['connector']));
  configurationsOf(call.world).set(name, configuration);
  connectors.set(name, 'CREATING');
  return call.operation({
    parent,
    metadata: () => ({ method: call.method, createTime: call.world.now(), target: name }),
    work: () => {
      connectors.set(name, 'READY');
      return Promise.resolve(view(call.world, name));
    },
  });
}

/** Documentation: a subnet, or a network with a free /28 range; at least 2 to 9 instances, at most 3 to 10. */
function checked(configuration: JsonObject): JsonObject {
  const range = textOf(configuration['ipCidrRange']);
  const subnet = textOf(objectOf(configuration['subnet'])['name']);
  if ((subnet === '') === (range === ''))
    throw invalid('connector', 'Exactly one of subnet and ip_cidr_range must be specified.');
  if (range !== '' && !/^(\d{1,3}\.){3}\d{1,3}\/28$/.test(range))
    throw invalid('connector.ip_cidr_range', 'The IP CIDR range must be an unused /28 network.');
  if (range !== '' && textOf(configuration['network']) === '')
    throw invalid('connector.network', 'The network must be specified together with the IP CIDR range.');
  const least = numberOf(configuration['minInstances']) || defaults.minInstances;
  const most = numberOf(configuration['maxInstances']) || defaults.maxInstances;
  if (least < 2 || least >= most || most > 10)
    throw invalid('connector.min_instances', 'Instances must be between 2 and 10, the minimum below the maximum.');
  return configuration;
}

function deleteConnector(request: JsonObject, call: Call): Json {
  const name = textOf(request['name']);
  view(call.world, name);
  const { connectors } = resourcesOf(call.world);
  connectors.set(name, 'DELETING');
  return call.operation({
    parent: name.replace(/\/connectors\/.*/, ''),
    metadata: () => ({ method: call.method, createTime: call.world.now(), target: name }),
    work: () => {
      connectors.delete(name);
      configurationsOf(call.world).delete(name);
      return Promise.resolve({});
    },
  });
}

/** Serverless VPC Access: connectors by which jobs reach a network. */
export const vpcAccess: ServiceModule = {
  name: 'vpcaccess',
  service: 'google.cloud.vpcaccess.v1.VpcAccessService',
  methods: {
    CreateConnector: {
      mark: 'documentation',
      needs: needs('vpcaccess.connectors.create', 'parent'),
      handle: createConnector,
    },
    GetConnector: {
      mark: 'proto',
      needs: needs('vpcaccess.connectors.get', 'name'),
      handle: (request, { world }) => view(world, textOf(request['name'])),
    },
    ListConnectors: {
      mark: 'proto',
      needs: needs('vpcaccess.connectors.list', 'parent'),
      handle(request, { world }) {
        const parent = `${textOf(request['parent'])}/connectors/`;
        const names = [...resourcesOf(world).connectors.keys()].filter((name) => name.startsWith(parent));
        const { items, next } = page(
          names.map((name) => view(world, name)),
          request,
        );
        return { connectors: items, ...(next === undefined ? {} : { nextPageToken: next }) };
      },
    },
    DeleteConnector: {
      mark: 'documentation',
      needs: needs('vpcaccess.connectors.delete', 'name'),
      handle: deleteConnector,
    },
  },
};
