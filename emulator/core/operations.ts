import { randomUUID } from 'node:crypto';
import { ApiError, notFound, statusCodes } from './errors.ts';
import type { Json, JsonObject } from './json.ts';

interface OperationRecord {
  readonly name: string;
  readonly service: string;
  readonly metadataType: string;
  readonly metadata: () => JsonObject;
  readonly settled: Promise<void>;
  result: { readonly error: JsonObject } | { readonly response: JsonObject } | undefined;
}

interface NewOperation {
  /** Short name of the API that it belongs to: `run`. */
  readonly service: string;
  readonly parent: string;
  readonly metadataType: string;
  readonly responseType: string;
  readonly metadata: () => JsonObject;
  readonly work: () => Promise<JsonObject>;
}

/** The long-running operations of all services, by name. */
export interface OperationStore {
  start(operation: NewOperation): JsonObject;
  /** The API that an operation belongs to; undefined when no operation has this name. */
  serviceOf(name: string): string | undefined;
  /** @throws ApiError NOT_FOUND */
  get(name: string): JsonObject;
  /** Resolves when it is done, or after the time. */
  wait(name: string, timeoutMs: number): Promise<JsonObject>;
  list(parent: string): readonly JsonObject[];
  remove(name: string): void;
}

export function createOperations(): OperationStore {
  const records = new Map<string, OperationRecord>();
  const find = (name: string): OperationRecord => {
    const record = records.get(name);
    if (record === undefined) throw notFound(`Operation ${name} not found.`);
    return record;
  };
  return {
    start(operation) {
      const name = `${operation.parent === '' ? '' : `${operation.parent}/`}operations/${randomUUID()}`;
      const { service, metadata, metadataType } = operation;
      const record: OperationRecord = { name, service, metadata, metadataType, result: undefined, settled: complete() };
      async function complete(): Promise<void> {
        // The caller gets the operation first: a real operation is never done when it is returned.
        await Promise.resolve();
        try {
          record.result = {
            response: { '@type': `type.googleapis.com/${operation.responseType}`, ...(await operation.work()) },
          };
        } catch (error) {
          record.result = { error: errorStatus(error) };
        }
      }
      records.set(name, record);
      return render(record);
    },
    serviceOf: (name) => records.get(name)?.service,
    get: (name) => render(find(name)),
    async wait(name, timeoutMs) {
      const record = find(name);
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        record.settled,
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, timeoutMs);
        }),
      ]);
      clearTimeout(timer);
      return render(record);
    },
    list: (parent) => [...records.values()].filter((each) => each.name.startsWith(`${parent}/operations/`)).map(render),
    remove(name) {
      find(name);
      records.delete(name);
    },
  };
}

function render(record: OperationRecord): JsonObject {
  const metadata: Json = { '@type': `type.googleapis.com/${record.metadataType}`, ...record.metadata() };
  return { name: record.name, metadata, ...(record.result === undefined ? {} : { done: true, ...record.result }) };
}

/** The error as a `google.rpc.Status`. */
function errorStatus(error: unknown): JsonObject {
  const known = error instanceof ApiError ? error : new ApiError('INTERNAL', String(error));
  return { code: statusCodes[known.status][0], message: known.message, details: known.details };
}
