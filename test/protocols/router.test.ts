import { createMethodImplSpec, createServiceImplSpec } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { nameTarget } from "../../src/call/call-record.js";
import { StreamCalls } from "../../src/call/stream-calls.js";
import { RouterBuilder } from "../../src/protocols/router.js";
import { HouseService, LobbyService, RoomService } from "../schemas/gen/shelf_pb.js";

const createBuilder = () =>
  new RouterBuilder({
    stages: {},
    codec: { acceptCompression: [], readMaxBytes: 1000 },
    streams: new StreamCalls(),
  });

function addAll(names: readonly string[]): void {
  const builder = createBuilder();
  for (const service of [RoomService, HouseService]) {
    for (const spec of Object.values(createServiceImplSpec(service, {}).methods)) {
      if (names.includes(nameTarget(spec.method))) {
        builder.addMethod(spec);
      }
    }
  }
}

it.each([
  ["test.v1.RoomService/FindRoom", "test.v1.RoomService/ListRooms", "/v1/rooms"],
  ["test.v1.RoomService/GetRoom", "test.v1.RoomService/PaintRoom", "/v1/rooms/{color=*}"],
  ["test.v1.RoomService/GetRoom", "test.v1.HouseService/NameRoom", "/v1/{room_id=rooms/*}"],
])("does not take %s and %s, which have one path", (one, other, path) => {
  expect(() => addAll([one, other])).toThrow(
    `${one} and ${other} have the same path, ${path}; give one of them another path in its google.api.http annotation`,
  );
  expect(() => addAll([one])).not.toThrow();
  expect(() => addAll([other])).not.toThrow();
});

it.each([
  ["another method", "test.v1.LobbyService/GetReadiness"],
  ["the same method", "test.v1.LobbyService/GetTurn"],
])(
  "does not take a method at the path of a route that the service itself has, for %s",
  (_, target) => {
    const builder = createBuilder();
    builder.addMethod(createMethodImplSpec(LobbyService.method.getTurn, () => ({})));
    const route = { path: "/turn", target, allowedMethods: ["GET"], choose: () => undefined };
    expect(() => builder.addRoute(route)).toThrow(
      "test.v1.LobbyService/GetTurn has the path /turn, which the service itself serves; choose another path in its google.api.http annotation",
    );
  },
);
