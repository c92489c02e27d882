import { badRequest, type Violation } from '../core/errors.ts';
import { isObject, type Json, type JsonObject } from '../core/json.ts';
import type { Descriptors } from './descriptor-model.ts';
import { snake } from './walk.ts';

/**
 * Refuses a request in which a REQUIRED field is missing (proto; the text is assumed). With an update mask the resource
 * itself is partial, and only the request's own fields are checked.
 *
 * @param request parsed by `readMessage`
 * @throws ApiError INVALID_ARGUMENT naming every missing field
 */
export function checkRequired(descriptors: Descriptors, type: string, request: JsonObject): void {
  const violations: Violation[] = [];
  const partial = request['updateMask'] !== undefined;
  const check = (at: string, value: JsonObject, path: string): void => {
    for (const [name, field] of Object.entries(descriptors.messages[at]?.fields ?? {})) {
      const content = value[name];
      const place = path === '' ? name : `${path}.${name}`;
      if (content === undefined) {
        const required = field.behaviour?.includes('REQUIRED') === true;
        if (required)
          violations.push({ field: snake(place), description: `${snake(place)}: required field is missing` });
        continue;
      }
      if (descriptors.messages[field.type] === undefined || (partial && path === '')) continue;
      for (const each of messagesIn(field.key !== undefined, content)) check(field.type, each, place);
    }
  };
  check(type, request, '');
  if (violations.length > 0) throw badRequest(violations);
}

function messagesIn(map: boolean, content: Json): readonly JsonObject[] {
  const all = map && isObject(content) ? Object.values(content) : Array.isArray(content) ? content : [content];
  return (all as readonly Json[]).filter(isObject);
}

/** Refuses an update that changes an IMMUTABLE field (proto; the text is assumed). */
export function checkImmutable(descriptors: Descriptors, type: string, before: JsonObject, after: JsonObject): void {
  const changed = Object.entries(descriptors.messages[type]?.fields ?? {}).filter(
    ([name, field]) =>
      field.behaviour?.includes('IMMUTABLE') === true &&
      after[name] !== undefined &&
      JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  if (changed.length === 0) return;
  throw badRequest(
    changed.map(([name]) => ({
      field: snake(name),
      description: `${snake(name)}: field is immutable and cannot be changed`,
    })),
  );
}
