import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { StreamCalls } from "../../src/call/stream-calls.js";
import { RouterBuilder } from "../../src/protocols/router.js";
import { RoomSchema, RoomService } from "../schemas/gen/shelf_pb.js";

it("takes no two methods with one path", () => {
  const getRoom = () => create(RoomSchema);
  const builder = new RouterBuilder({
    stages: {},
    codec: { acceptCompression: [], readMaxBytes: 1000 },
    streams: new StreamCalls(),
  });
  expect(() => builder.add(RoomService, { getRoom })).toThrow(
    "test.v1.RoomService/FindRoom and test.v1.RoomService/ListRooms have the same path, /v1/rooms",
  );
});
