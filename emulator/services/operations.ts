import { listOf, textOf } from '../core/json.ts';
import { needsNothing, type Method, type ServiceModule } from '../core/service.ts';

/** Documentation: these APIs require their own permission; in the others every caller may read operations (assumed). */
const permissions: Readonly<Record<string, string>> = {
  run: 'run.operations',
  vpcaccess: 'vpcaccess.operations',
};

const permissionTo =
  (verb: 'get' | 'delete'): Method['needs'] =>
  (request, { world }) => {
    const resource = textOf(request['name']);
    const prefix = permissions[world.operations.serviceOf(resource) ?? ''];
    return prefix === undefined ? [] : [{ permission: `${prefix}.${verb}`, resource }];
  };

/** The operations of all services, by name. */
export const operations: ServiceModule = {
  name: 'operations',
  service: 'google.longrunning.Operations',
  methods: {
    GetOperation: {
      mark: 'proto',
      needs: permissionTo('get'),
      handle: (request, call) => call.world.operations.get(textOf(request['name'])),
    },
    ListOperations: {
      mark: 'proto',
      needs: needsNothing,
      handle: (request, call) => ({ operations: listOf(call.world.operations.list(textOf(request['name']))) }),
    },
    WaitOperation: {
      mark: 'documentation',
      needs: permissionTo('get'),
      handle: (request, call) => {
        const seconds = Number(textOf(request['timeout']).replace(/s$/, '')) || 30;
        return call.world.operations.wait(textOf(request['name']), seconds * 1_000);
      },
    },
    DeleteOperation: {
      mark: 'proto',
      needs: permissionTo('delete'),
      handle(request, call) {
        call.world.operations.remove(textOf(request['name']));
        return {};
      },
    },
  },
};
