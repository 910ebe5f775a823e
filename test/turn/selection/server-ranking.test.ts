import { describe, expect, it } from "vitest";
import { hashHolder } from "../../../src/turn/holder.js";
import { ServerRanking } from "../../../src/turn/selection/server-ranking.js";

const callers = Array.from({ length: 20_000 }, (_, index) =>
  hashHolder({ kind: "jwt", issuer: "https://issuer.test", subject: `user-${index}` }),
);
const server = (host: string, weight = 1) => ({ host, weight });
const hosts = ["turn1.example", "turn2.example", "turn3.example", "turn4.example"];

/** Of each caller, the hosts in its order. */
function rankAll(servers: readonly { host: string; weight: number }[]): string[][] {
  const ranking = new ServerRanking(servers);
  return callers.map((caller) => ranking.rank(caller).map((index) => servers[index]?.host ?? ""));
}

function countFirst(orders: readonly string[][]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [first = ""] of orders) {
    counts[first] = (counts[first] ?? 0) + 1;
  }
  return counts;
}

/** Four standard deviations of a share that is drawn so many times. */
const tolerance = (share: number) => 4 * Math.sqrt(callers.length * share * (1 - share));

describe("ServerRanking", () => {
  it("gives each server its share of the callers", () => {
    const counts = countFirst(rankAll(hosts.map((host) => server(host))));
    for (const host of hosts) {
      expect(Math.abs((counts[host] ?? 0) - callers.length / 4)).toBeLessThan(tolerance(1 / 4));
    }
  });

  it("honours weights", () => {
    const weights: Record<string, number> = { a: 1, b: 2, c: 5, d: 0.5 };
    const counts = countFirst(
      rankAll(Object.entries(weights).map(([host, weight]) => server(host, weight))),
    );
    for (const [host, weight] of Object.entries(weights)) {
      const share = weight / 8.5;
      expect(Math.abs((counts[host] ?? 0) - callers.length * share)).toBeLessThan(tolerance(share));
    }
  });

  it("leaves to chance who comes after the first", () => {
    const orders = rankAll(["a", "b", "c"].map((host) => server(host)));
    const counts = new Map<string, number>();
    for (const order of orders) {
      counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) {
      expect(Math.abs(count - callers.length / 6)).toBeLessThan(tolerance(1 / 6));
    }
  });

  it.each(hosts)("changes nothing in the order of the others when %s goes", (gone) => {
    const all = rankAll(hosts.map((host) => server(host)));
    const rest = rankAll(hosts.filter((host) => host !== gone).map((host) => server(host)));
    expect(rest).toEqual(all.map((order) => order.filter((host) => host !== gone)));
  });

  it("changes nothing in the order of the others when a weight changes, and moves callers to it only", () => {
    const before = rankAll(hosts.map((host) => server(host)));
    const after = rankAll(hosts.map((host) => server(host, host === hosts[1] ? 3 : 1)));
    const others = (order: string[]) => order.filter((host) => host !== hosts[1]);
    expect(after.map(others)).toEqual(before.map(others));
    const moved = after.filter((order, index) => order[0] !== before[index]?.[0]);
    expect(new Set(moved.map(([first]) => first))).toEqual(new Set([hosts[1]]));
  });

  it("does not depend on the order in which servers are configured", () => {
    const reversed = [...hosts].reverse();
    expect(rankAll(reversed.map((host) => server(host)))).toEqual(
      rankAll(hosts.map((host) => server(host))),
    );
  });

  // A change of these would move callers to other servers at an update.
  it("is the same in every version", () => {
    const ranking = new ServerRanking(hosts.map((host) => server(host)));
    const orders = ["alice", "bob", "carol"].map((subject) =>
      ranking.rank(hashHolder({ kind: "jwt", issuer: "https://issuer.test", subject })).join(""),
    );
    expect(orders).toEqual(["2130", "3012", "0132"]);
  });
});
