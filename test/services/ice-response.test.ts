import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { GetIceServersResponseSchema } from "../../src/gen/ice/v1/ice_service_pb.js";
import { createResponseMaker } from "../../src/services/ice-response.js";

const stunServer = { urls: ["stun:stun.example.com"] };
const turnUrls = ["turn:turn.example.com", "turns:turn.example.com"];
const credentialLife = { expiresAtSeconds: 1_800_000_000, ttlSeconds: 3600 };

function listFor(username: string) {
  const turnServer = { urls: turnUrls, username, credential: `password of ${username}` };
  return { iceServers: [stunServer, turnServer], region: "home", credentialLife };
}

describe("createResponseMaker", () => {
  it("puts a list into a message", () => {
    expect(createResponseMaker()(listFor("someone"))).toEqual(
      create(GetIceServersResponseSchema, {
        iceServers: [
          { urls: ["stun:stun.example.com"] },
          {
            urls: ["turn:turn.example.com", "turns:turn.example.com"],
            username: "someone",
            credential: "password of someone",
          },
        ],
        expireTime: timestampFromMs(1_800_000_000_000),
        ttlSeconds: 3600,
        region: "home",
      }),
    );
  });

  it("leaves the life out where there is no TURN", () => {
    expect(createResponseMaker()({ iceServers: [stunServer], region: "" })).toEqual(
      create(GetIceServersResponseSchema, { iceServers: [{ urls: ["stun:stun.example.com"] }] }),
    );
  });

  it("shares what lists share, so that codecs encode it once", () => {
    const makeResponse = createResponseMaker();
    const one = makeResponse(listFor("someone"));
    const other = makeResponse(listFor("another"));
    expect(other.iceServers[0]).toBe(one.iceServers[0]);
    expect(other.iceServers[1]?.urls).toBe(one.iceServers[1]?.urls);
    expect(other.expireTime).toBe(one.expireTime);
  });
});
