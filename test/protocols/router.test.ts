import { createServiceImplSpec } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { StreamCalls } from "../../src/call/stream-calls.js";
import { RouterBuilder } from "../../src/protocols/router.js";
import { RoomService } from "../schemas/gen/shelf_pb.js";

function addAll(names: readonly string[]): void {
  const builder = new RouterBuilder({
    stages: {},
    codec: { acceptCompression: [], readMaxBytes: 1000 },
    streams: new StreamCalls(),
  });
  const { methods } = createServiceImplSpec(RoomService, {});
  for (const spec of Object.values(methods)) {
    if (names.includes(spec.method.name)) {
      builder.addMethod(spec);
    }
  }
}

it.each([
  ["FindRoom", "ListRooms", "/v1/rooms"],
  ["GetRoom", "PaintRoom", "/v1/rooms/{color=*}"],
])("does not take %s and %s, which have one path", (one, other, path) => {
  expect(() => addAll([one, other])).toThrow(
    `test.v1.RoomService/${one} and test.v1.RoomService/${other} have the same path, ${path}`,
  );
  expect(() => addAll([one])).not.toThrow();
  expect(() => addAll([other])).not.toThrow();
});
