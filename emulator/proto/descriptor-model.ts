export interface FieldDescriptor {
  readonly id: number;
  /** A scalar's name, or the full name of a message or an enum. */
  readonly type: string;
  /** The type of the keys, when the field is a map. */
  readonly key?: string;
  readonly repeated?: true;
  /** The oneof that it belongs to; members of a oneof keep an explicit zero. */
  readonly oneof?: string;
  /** `google.api.field_behavior`: REQUIRED, OUTPUT_ONLY, INPUT_ONLY, IMMUTABLE, IDENTIFIER. */
  readonly behaviour?: readonly string[];
}

export interface MessageDescriptor {
  /** By JSON name. */
  readonly fields: Readonly<Record<string, FieldDescriptor>>;
}

/** One `google.api.http` binding of a method. */
export interface HttpBinding {
  readonly verb: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Template with its variables in braces, as in `/v2/{parent=...}/jobs`. */
  readonly path: string;
  /** `*`, or the field that is sent as the body. */
  readonly body?: string;
}

export interface MethodDescriptor {
  readonly request: string;
  readonly response: string;
  readonly requestStream?: true;
  readonly responseStream?: true;
  readonly http: readonly HttpBinding[];
  /** For long-running methods: the operation's final response, and its metadata until then. */
  readonly operation?: { readonly response: string; readonly metadata: string };
}

interface ServiceDescriptor {
  readonly host: string;
  readonly methods: Readonly<Record<string, MethodDescriptor>>;
}

/** Messages, enums and services by full name, trimmed from the official protos. */
export interface Descriptors {
  readonly services: Readonly<Record<string, ServiceDescriptor>>;
  readonly messages: Readonly<Record<string, MessageDescriptor>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
