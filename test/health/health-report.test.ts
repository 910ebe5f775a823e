import { describe, expect, it } from "vitest";
import { listRejected, type UrlReport } from "../../src/health/health-report.js";

const rejected: UrlReport = { url: "turn:a", state: "down", lastCause: "wrong-secret" };
const refused: UrlReport = { url: "turn:b", state: "down", lastCause: "refused" };
const failing: UrlReport = { url: "turn:c", state: "up", lastCause: "wrong-secret" };
const unprobed: UrlReport = { url: "turns:d?transport=udp", state: "not-probed" };

describe("listRejected", () => {
  it.each<[what: string, urls: UrlReport[], isListed: boolean]>([
    ["all of whose servers reject it", [rejected, rejected], true],
    ["with a server that is not probed", [rejected, unprobed], true],
    ["with a server that is down for another reason", [rejected, refused], false],
    ["with a server that is still up", [rejected, failing], false],
    ["none of whose servers is probed", [unprobed], false],
  ])("judges a provider %s", (_what, urls, isListed) => {
    const report = (owner: { provider?: string }) =>
      ({ probing: true, groups: [{ kind: "turn", state: "replaced", urls, ...owner }] }) as const;
    expect(listRejected(report({ provider: "http" }))).toEqual(isListed ? ["http"] : []);
    expect(listRejected(report({}))).toEqual([]);
  });
});
