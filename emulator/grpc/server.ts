import type * as Grpc from '@grpc/grpc-js';
import type { sendUnaryData, Server, ServerUnaryCall } from '@grpc/grpc-js';
import type * as Serializer from 'proto3-json-serializer';
import type { Root, Type } from 'protobufjs';
import { callMethod, ConnectionLost } from '../core/dispatch.ts';
import { ApiError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { ServiceModule } from '../core/service.ts';
import type { World } from '../core/world.ts';
import { reflectionOf } from './reflection.ts';

/** The gRPC front: the same handlers and the same strict parsing. Its libraries are development dependencies. */
export interface GrpcFront {
  readonly port: number;
  close(): void;
}

/** Converts messages to JSON and back. */
interface Codec {
  readonly root: Root;
  readonly serializer: typeof Serializer;
  readonly grpc: typeof Grpc;
}

export async function startGrpc(world: World, modules: readonly ServiceModule[]): Promise<GrpcFront> {
  const [grpc, serializer, protobuf] = await Promise.all([
    import('@grpc/grpc-js'),
    import('proto3-json-serializer'),
    import('protobufjs'),
  ]);
  const root = (protobuf.default ?? protobuf).Root.fromJSON(reflectionOf(world.descriptors));
  const codec: Codec = { root, serializer, grpc };
  const server = new grpc.Server();
  for (const module of modules) addService(world, module, { codec, server });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => server.forceShutdown() };
}

function addService(
  world: World,
  module: ServiceModule,
  { codec, server }: { readonly codec: Codec; readonly server: Server },
): void {
  const methods = Object.entries(world.descriptors.services[module.service]?.methods ?? {}).filter(
    ([, method]) => method.requestStream !== true && method.responseStream !== true,
  );
  const definition = methods.map(([name, method]) => {
    const [request, response] = [codec.root.lookupType(method.request), codec.root.lookupType(method.response)];
    return [
      name,
      {
        path: `/${module.service}/${name}`,
        requestStream: false,
        responseStream: false,
        requestDeserialize: (bytes: Buffer): Json => codec.serializer.toProto3JSON(request.decode(bytes)) ?? {},
        requestSerialize: () => Buffer.alloc(0),
        responseSerialize: (answer: Json): Buffer => encode(codec, response, answer),
        responseDeserialize: () => ({}),
      },
    ] as const;
  });
  const handlers = methods.map(([name]) => {
    const handle = (call: ServerUnaryCall<Json, Json>, done: sendUnaryData<Json>): void => {
      const [authorization] = call.metadata.get('authorization').map(String);
      const origin = { authorization, transport: 'grpc' as const };
      void answer(done, codec, () => callMethod(world, module, name, { request: call.request, origin }));
    };
    return [name, handle] as const;
  });
  server.addService(Object.fromEntries(definition), Object.fromEntries(handlers));
}

async function answer(done: sendUnaryData<Json>, codec: Codec, call: () => Promise<Json>): Promise<void> {
  const [error, value] = await call().then(
    (given) => [null, given] as const,
    (thrown: unknown) => [serviceError(codec, thrown)] as const,
  );
  done(error, value);
}

function encode({ serializer }: Codec, type: Type, value: Json): Buffer {
  const message = serializer.fromProto3JSON(type, value as never);
  return Buffer.from(type.encode(message as never).finish());
}

/** Status and details travel in trailers; a broken connection appears as UNAVAILABLE, as the client would see it. */
function serviceError(codec: Codec, error: unknown): Parameters<sendUnaryData<Json>>[0] {
  if (error instanceof ConnectionLost) return { code: 14, details: 'read ECONNRESET' };
  const known = error instanceof ApiError ? error : new ApiError('INTERNAL', String((error as Error).stack ?? error));
  const metadata = new codec.grpc.Metadata();
  const status = { code: known.grpcCode, message: known.message, details: known.details };
  metadata.set('grpc-status-details-bin', encode(codec, codec.root.lookupType('google.rpc.Status'), status));
  return { code: known.grpcCode, details: known.message, metadata };
}
