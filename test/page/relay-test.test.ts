import { describe, expect, it } from "vitest";
import { judgeRelay, openCall } from "../../page/relay-test.js";
import { createRelay, createUrlResult } from "./url-result.js";

type Call = Parameters<typeof openCall>[0];
const failing = (failure: Awaited<ReturnType<Call["explainFailure"]>>, code?: number): Call => ({
  open: () => Promise.reject(new Error("no call")),
  explainFailure: () => Promise.resolve(failure),
  errors: code === undefined ? [] : [{ code, text: "" }],
});
const network = { mappedAddresses: ["11.0.2.1"], hasUdp: true };
const result = createUrlResult("turn:11.0.0.10");

describe("openCall", () => {
  it("tells how long it took", async () => {
    const call = { ...failing("silent"), open: () => Promise.resolve(120) };
    expect(await openCall(call, network, result)).toBe(120);
  });

  it.each<[failure: Parameters<typeof failing>, state: string, cause: string]>([
    [["silent"], "fails", "relay-unreachable"],
    [["denied"], "fails", "peer-denied"],
    [["no-permission"], "unproven", "relay-not-tested"],
    // A quota of one, which the relay of a moment ago still counts for.
    [["no-relay", 486], "fails", "quota"],
    [["no-relay"], "fails", "unusable"],
  ])("%j: %s, %s", async (failure, state, cause) => {
    const outcome = await openCall(failing(...failure), network, result);
    expect(outcome).toMatchObject({ state, reason: { name: cause } });
  });

  it("proves nothing where no answer came over UDP", async () => {
    const withoutUdp = { ...network, hasUdp: false };
    expect(await openCall(failing("silent"), withoutUdp, result)).toMatchObject({
      state: "unproven",
      reason: { name: "relay-not-tested", detail: "the relay's address is 11.0.0.10" },
    });
  });
});

describe("judgeRelay", () => {
  const lost = { failure: "no packet came back within 10 s" };
  it.each<[Parameters<typeof judgeRelay>[0], code: number | undefined, string, cause: unknown]>([
    [createRelay(), undefined, "works", undefined],
    [createRelay("poor"), undefined, "works", "poor-quality"],
    [createRelay("good", lost), undefined, "works", "no-reconnection"],
    // The server has stopped during the traffic.
    [createRelay("poor", lost), 701, "fails", "no-reconnection"],
    // A quota of one, since the old relay lasts until there is a new one.
    [createRelay("good", lost), 486, "works", "quota"],
    [createRelay(), 486, "works", undefined],
  ])("%#: %s, %s, %s", (relay, code, state, cause) => {
    const errors = code === undefined ? [] : [{ code, text: "" }];
    const judged = judgeRelay(relay, errors);
    expect([judged.state, judged.reason?.name]).toEqual([state, cause]);
  });
});
