import { badRequest, invalid } from '../../core/errors.ts';
import { listOf, numberOf, objectOf, textOf, type JsonObject } from '../../core/json.ts';
import { environmentFaults, secondsOf } from './job-check.ts';

/**
 * An execution template with the overrides of one run. Proto: arguments replace, `clearArgs` empties them, variables are
 * merged by name, task count and timeout replace. Nothing else can be overridden.
 *
 * @throws ApiError INVALID_ARGUMENT
 */
export function withOverrides(template: JsonObject, overrides: JsonObject): JsonObject {
  const task = objectOf(template['template']);
  const containers = listOf(task['containers']).map(objectOf);
  const changed = listOf(overrides['containerOverrides'])
    .map(objectOf)
    .reduce<readonly JsonObject[]>((all, each) => overrideOne(all, each), containers);
  if (numberOf(overrides['taskCount']) < 0) throw invalid('overrides.task_count', 'task_count must not be negative.');
  if (secondsOf(textOf(overrides['timeout'])) < 0) throw invalid('overrides.timeout', 'timeout must not be negative.');
  return {
    ...template,
    taskCount: numberOf(overrides['taskCount']) || numberOf(template['taskCount']) || 1,
    template: { ...task, containers: changed, timeout: overrides['timeout'] ?? task['timeout'] ?? '600s' },
  };
}

function overrideOne(containers: readonly JsonObject[], override: JsonObject): readonly JsonObject[] {
  const faults = environmentFaults(override, 'overrides.container_overrides');
  if (faults.length > 0) throw badRequest(faults);
  const name = textOf(override['name']);
  const at = name === '' ? 0 : containers.findIndex((each) => each['name'] === name);
  const container = containers[at];
  if (container === undefined) throw invalid('overrides.container_overrides.name', `There is no container "${name}".`);
  const args = listOf(override['args']);
  if (args.length > 0 && override['clearArgs'] === true)
    throw invalid('overrides.container_overrides', 'args and clear_args exclude each other.');
  const merged = new Map(
    [...listOf(container['env']), ...listOf(override['env'])].map((each) => [textOf(objectOf(each)['name']), each]),
  );
  const result: JsonObject = {
    ...container,
    env: [...merged.values()],
    ...(args.length > 0 ? { args } : override['clearArgs'] === true ? { args: [] } : {}),
  };
  return containers.with(at, result);
}
