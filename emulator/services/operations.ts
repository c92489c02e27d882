import { listOf, textOf } from '../core/json.ts';
import { needsNothing, type ServiceModule } from '../core/service.ts';

/** Who may start a call may look at its operation (assumed); the permissions of single APIs differ. */
export const operations: ServiceModule = {
  name: 'operations',
  service: 'google.longrunning.Operations',
  methods: {
    GetOperation: {
      mark: 'proto',
      needs: needsNothing,
      handle: (request, call) => call.world.operations.get(textOf(request['name'])),
    },
    ListOperations: {
      mark: 'proto',
      needs: needsNothing,
      handle: (request, call) => ({ operations: listOf(call.world.operations.list(textOf(request['name']))) }),
    },
    WaitOperation: {
      mark: 'documentation',
      needs: needsNothing,
      handle: (request, call) => {
        const seconds = Number(textOf(request['timeout']).replace(/s$/, '')) || 30;
        return call.world.operations.wait(textOf(request['name']), seconds * 1_000);
      },
    },
    DeleteOperation: {
      mark: 'proto',
      needs: needsNothing,
      handle(request, call) {
        call.world.operations.remove(textOf(request['name']));
        return {};
      },
    },
  },
};
