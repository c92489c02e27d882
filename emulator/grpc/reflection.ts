import type { FieldDescriptor, MessageDescriptor, Descriptors } from '../proto/descriptor-model.ts';

/** A namespace in the JSON form of protobufjs. */
interface Namespace {
  nested?: Record<string, Namespace>;
  fields?: Record<string, object>;
  oneofs?: Record<string, { oneof: string[] }>;
  values?: Readonly<Record<string, number>>;
}

/** The descriptors in the form that protobufjs reads. */
export function reflectionOf(descriptors: Descriptors): { readonly nested: Record<string, object> } {
  const root: Namespace = {};
  const at = (name: string): Namespace =>
    name.split('.').reduce((place, part) => ((place.nested ??= {})[part] ??= {}), root);
  for (const [name, message] of Object.entries(descriptors.messages)) Object.assign(at(name), typeOf(message));
  for (const [name, message] of Object.entries(details)) Object.assign(at(name), typeOf(message));
  for (const [name, values] of Object.entries(descriptors.enums)) at(name).values = values;
  return { nested: root.nested ?? {} };
}

function typeOf(message: MessageDescriptor): Namespace {
  const oneofs: Record<string, { oneof: string[] }> = {};
  for (const [name, { oneof }] of Object.entries(message.fields))
    if (oneof !== undefined) (oneofs[oneof] ??= { oneof: [] }).oneof.push(name);
  const fields = Object.entries(message.fields).map(([name, field]) => [name, fieldOf(field)] as const);
  return { oneofs, fields: Object.fromEntries(fields) };
}

const fieldOf = ({ id, type, key, repeated }: FieldDescriptor): object => ({
  id,
  type: type.includes('.') ? `.${type}` : type,
  ...(key === undefined ? {} : { keyType: key }),
  ...(repeated === undefined ? {} : { rule: 'repeated' }),
});

/** The messages in error details (google/rpc/error_details.proto), which the packages of the services omit. */
const details: Descriptors['messages'] = {
  'google.rpc.BadRequest': {
    fields: { fieldViolations: { id: 1, type: 'google.rpc.BadRequest.FieldViolation', repeated: true } },
  },
  'google.rpc.BadRequest.FieldViolation': {
    fields: { field: { id: 1, type: 'string' }, description: { id: 2, type: 'string' } },
  },
  'google.rpc.ErrorInfo': {
    fields: {
      reason: { id: 1, type: 'string' },
      domain: { id: 2, type: 'string' },
      metadata: { id: 3, type: 'string', key: 'string' },
    },
  },
};
