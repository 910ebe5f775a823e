import { afterEach, describe, expect, it } from "vitest";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { attributeType } from "../../src/probe/attributes.js";
import { diagnose } from "../../src/probe/diagnosis.js";
import { deriveLongTermKey } from "../../src/probe/integrity.js";
import { findServers } from "../../src/probe/probe.js";
import { findAttribute, type StunMessage, stunClass } from "../../src/probe/stun-message.js";
import {
  answer,
  refuse,
  type ScriptedServer,
  startUdpScript,
  xoredAddress,
} from "./scripted-server.js";

const credential = { username: "1795612800:probe", credential: "cGFzc3dvcmQ=" };
const freshCredential = { ...credential, username: "1795612800:fresh" };
const signer = {
  issue: () => credential,
  issueFresh: () => freshCredential,
  canChooseExpiry: true,
  ttlSeconds: 3_600,
  clock: () => 1_748_390_400_000,
};

let server: ScriptedServer | undefined;
afterEach(() => {
  server?.stop();
  server = undefined;
});

function giveRelay(request: StunMessage, { username, credential: password } = credential) {
  const relayed = { type: attributeType.xorRelayedAddress, value: xoredAddress };
  const key = deriveLongTermKey(username, Buffer.from("turn.test"), password);
  return answer(request, stunClass.success, [relayed], key);
}

/** Diagnoses a server that takes credentials whatever their expiry. */
async function diagnoseWithoutExpiry(respond: (request: StunMessage) => Buffer) {
  server = await startUdpScript((request) => [
    findAttribute(request, attributeType.messageIntegrity) === undefined
      ? refuse(request, 401)
      : respond(request),
  ]);
  const options = { timeoutMs: 5_000 };
  const found = await findServers(parseIceUrl(`turn:127.0.0.1:${server.port}`), options);
  const [address] = Array.isArray(found) ? found : [];
  if (address === undefined) {
    throw new Error("the address was not found");
  }
  return diagnose(address, signer, options);
}

describe("a server whose clock is wrong", () => {
  const clockSkew = { maxSeconds: -315_360_000 };

  it("has no other failure where it gives relays", async () => {
    const result = await diagnoseWithoutExpiry((request) => giveRelay(request));
    expect(result).toMatchObject({ clockSkew, failure: { cause: "clock-skew" } });
  });

  it("has the other failure as well", async () => {
    const result = await diagnoseWithoutExpiry((request) => refuse(request, 508));
    expect(result).toMatchObject({
      clockSkew,
      failure: {
        cause: "no-capacity",
        detail: expect.stringMatching(/508.*; also, the server's clock is behind/),
      },
    });
  });

  it("fails also where the rest is a warning", async () => {
    const result = await diagnoseWithoutExpiry((request) => {
      const isFresh = findAttribute(request, attributeType.username)?.value.includes("fresh");
      return isFresh ? giveRelay(request, freshCredential) : refuse(request, 486);
    });
    expect(result).toMatchObject({
      clockSkew,
      failure: { cause: "clock-skew", detail: expect.stringMatching(/; also, .* 486/) },
    });
  });
});
