// What goes over the wire, for whoever stands in for a gateway.
import { join } from 'node:path';
import protobuf from 'protobufjs';

const root = new protobuf.Root();
root.resolvePath = (_from, to) => join(import.meta.dirname, '../../proto', to);
await root.load(['furrow/v1/interaction.proto', 'furrow/v1/ingest.proto']);

export const Batch = root.lookupType('furrow.v1.Batch');
export const Beacon = root.lookupType('furrow.v1.Beacon');
/** `ResponseKind` by number. */
export const RESPONSE_KINDS = root.lookupEnum('furrow.v1.ResponseKind').valuesById;

/** Answers a `Publish` of gRPC-web with OK. */
export function acknowledge(response) {
  const trailers = Buffer.from('grpc-status:0\r\n');
  const head = Buffer.from([0x80, 0, 0, 0, trailers.length]);
  response.setHeader('content-type', 'application/grpc-web+proto').end(Buffer.concat([Buffer.alloc(5), head, trailers]));
}
