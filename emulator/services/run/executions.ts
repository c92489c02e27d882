import { page } from '../../core/dispatch.ts';
import { ApiError, notFound } from '../../core/errors.ts';
import { textOf, type Json, type JsonObject } from '../../core/json.ts';
import { needs, type Call, type ServiceModule } from '../../core/service.ts';
import { cancelExecution, killExecution } from './perform.ts';
import { placeOf, runName, runOf, type ExecutionRecord } from './records.ts';
import { executionView, taskView } from './views.ts';

/** Executions of jobs. */
export const executions: ServiceModule = {
  name: 'run',
  service: 'google.cloud.run.v2.Executions',
  methods: {
    GetExecution: {
      mark: 'proto',
      needs: needs('run.executions.get', 'name'),
      handle: (request, call) => executionView(executionNamed(call, textOf(request['name']))),
    },
    ListExecutions: { mark: 'proto', needs: needs('run.executions.list', 'parent'), handle: listExecutions },
    DeleteExecution: { mark: 'assumed', needs: needs('run.executions.delete', 'name'), handle: deleteExecution },
    CancelExecution: { mark: 'documentation', needs: needs('run.executions.cancel', 'name'), handle: cancel },
  },
};

/** Tasks of executions. */
export const tasks: ServiceModule = {
  name: 'run',
  service: 'google.cloud.run.v2.Tasks',
  methods: {
    GetTask: {
      mark: 'proto',
      needs: needs('run.tasks.get', 'name'),
      handle(request, call) {
        const name = textOf(request['name']);
        const execution = executionNamed(call, name.replace(/\/tasks\/.*$/, ''));
        const task = execution.tasks.find((each) => each.name === name);
        if (task === undefined) throw notFound(`Task ${name} does not exist.`);
        return taskView(execution, task);
      },
    },
    ListTasks: {
      mark: 'proto',
      needs: needs('run.tasks.list', 'parent'),
      handle(request, call) {
        const execution = executionNamed(call, textOf(request['parent']));
        const { items, next } = page(
          execution.tasks.map((task) => taskView(execution, task)),
          request,
        );
        return { tasks: items, ...(next === undefined ? {} : { nextPageToken: next }) };
      },
    },
  },
};

function executionNamed(call: Call, name: string): ExecutionRecord {
  const found = runOf(call.world).executions.get(name);
  if (found !== undefined && isVisible(found)) return found;
  const { execution, location, project } = runName(name);
  throw notFound(
    `Resource '${execution}' of kind 'EXECUTION' in region '${location}' in project '${project}' does not exist.`,
  );
}

/** Assumed: an execution may be read and listed only some time after its job names it. */
const isVisible = ({ visibleAt }: ExecutionRecord): boolean => Date.now() >= visibleAt;

/** Newest first (assumed); `jobs/-` means all jobs of a region (documentation). */
function listExecutions(request: JsonObject, call: Call): Json {
  const parent = textOf(request['parent']);
  const all = [...runOf(call.world).executions.values()]
    .filter(isVisible)
    .filter((each) => (parent.endsWith('/jobs/-') ? placeOf(each.name) === placeOf(parent) : each.job === parent))
    .reverse();
  const { items, next } = page(all.map(executionView), request);
  return { executions: items, ...(next === undefined ? {} : { nextPageToken: next }) };
}

function deleteExecution(request: JsonObject, call: Call): Json {
  const execution = executionNamed(call, textOf(request['name']));
  return call.operation({
    parent: placeOf(execution.name),
    metadata: () => executionView(execution),
    work: async () => {
      if (request['validateOnly'] === true) return executionView(execution);
      if (execution.end === undefined) await killExecution(execution);
      runOf(call.world).executions.delete(execution.name);
      return { ...executionView(execution), deleteTime: call.world.now() };
    },
  });
}

function cancel(request: JsonObject, call: Call): Json {
  const execution = executionNamed(call, textOf(request['name']));
  if (execution.end !== undefined)
    throw new ApiError(
      'FAILED_PRECONDITION',
      `Execution ${runName(execution.name).execution} has completed and cannot be cancelled.`,
    );
  return call.operation({
    parent: placeOf(execution.name),
    metadata: () => executionView(execution),
    work: async () => {
      if (request['validateOnly'] !== true) await cancelExecution(call.world, execution);
      return executionView(execution);
    },
  });
}
