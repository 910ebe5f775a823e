import { describe, expect, it } from "vitest";
import type { OutgoingAnswer } from "../../../../src/outgoing/outgoing-http.js";
import { readManagedCredential } from "../../../../src/turn/managed/managed-credential.js";
import type { ManagedService } from "../../../../src/turn/managed/managed-service.js";
import { ManagedStates } from "../../../../src/turn/managed/managed-states.js";
import { ManagedRenewals } from "../../../../src/turn/managed/renewal/managed-renewals.js";
import { ManualTime } from "../../../parts/manual-time.js";

const startSeconds = 1_748_390_400;
const hour = 3600;
type Answer = OutgoingAnswer;

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: new Headers(headers),
  text: typeof body === "string" ? body : JSON.stringify(body),
});
const good = (credential = "c", ttl = 24 * hour) =>
  answer(200, { ttl, iceServers: [{ urls: "turn:a.test", username: "u", credential }] });

function createService(
  name: string,
  {
    maxPerHour,
    timeoutMs = 2000,
    identity = name,
  }: { maxPerHour?: number; timeoutMs?: number; identity?: string } = {},
): ManagedService {
  return {
    ...{ name, identity, timeoutMs, maxPerHour },
    createRequest: () => ({
      method: "GET",
      url: new URL(`https://${name}.test/?key=hidden-key`),
      headers: { Authorization: "Bearer hidden-token" },
    }),
    readResponse(body) {
      const { iceServers, ttl } = Object(body);
      return readManagedCredential(iceServers, ttl);
    },
  };
}

/** Renewals in a time moved by hand, and a provider that answers as told. */
class Bench {
  readonly time = new ManualTime(startSeconds);
  readonly states = new ManagedStates();
  readonly lines: object[] = [];
  /** When each request was made, in seconds from the start. */
  readonly requests: number[] = [];
  readonly timeoutsMs: number[] = [];
  underWay = 0;
  mostUnderWay = 0;
  /** The provider whose servers reject its credential. */
  rejected: string | undefined;
  respond: () => Promise<Answer> = async () => good();
  readonly renewals = new ManagedRenewals(this.states, {
    outgoing: {
      send: async (_, { timeoutMs }) => {
        this.timeoutsMs.push(timeoutMs);
        this.requests.push(this.time.clock() / 1000 - startSeconds);
        this.underWay += 1;
        this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
        try {
          return await this.respond();
        } finally {
          this.underWay -= 1;
        }
      },
    },
    clock: this.time.clock,
    startTimer: this.time.startTimer,
    random: () => 0,
    isRejected: (provider) => this.rejected === provider,
    log: {
      info: (fields, msg) => this.lines.push({ level: "info", msg, ...fields }),
      warn: (fields, msg) => this.lines.push({ level: "warn", msg, ...fields }),
      error: (fields, msg) => this.lines.push({ level: "error", msg, ...fields }),
    },
  });

  credential(identity = "a"): string | undefined {
    return this.states.find(identity)?.credential?.entries[0].credential;
  }

  metric(name: string, labels: object): number | undefined {
    const { values } = this.renewals.describe().find((each) => each.name === name) ?? {};
    return values?.find((each) => JSON.stringify(each.labels) === JSON.stringify(labels))?.value;
  }
}

describe("ManagedRenewals", () => {
  it("asks for the first credential at once, and is pending until it comes", async () => {
    const bench = new Bench();
    bench.renewals.use([createService("a")]);
    expect(bench.states.find("a")).toEqual({ identity: "a", isPending: true });
    await bench.time.advance(0);
    expect(bench.states.find("a")).toEqual({
      identity: "a",
      isPending: false,
      credential: {
        entries: [{ urls: ["turn:a.test"], username: "u", credential: "c" }],
        expiresAtSeconds: startSeconds + 24 * hour,
        usableUntilSeconds: startSeconds + 24 * hour - 30,
      },
    });
  });

  it("renews at half of the life, with two requests a day", async () => {
    const bench = new Bench();
    bench.renewals.use([createService("a")]);
    await bench.time.advance(7 * 24 * hour);
    expect(bench.requests).toHaveLength(15);
    expect(bench.requests.slice(0, 3)).toEqual([0, 12 * hour, 24 * hour]);
    expect(bench.mostUnderWay).toBe(1);
  });

  it("never has two requests under way", async () => {
    const bench = new Bench();
    bench.respond = () =>
      new Promise((resolve) => bench.time.startTimer(() => resolve(good("c", 2)), 1900));
    bench.renewals.use([createService("a")]);
    await bench.time.advance(60);
    expect(bench.requests.length).toBeGreaterThan(20);
    expect(bench.mostUnderWay).toBe(1);
  });

  it("keeps the last credential while the provider is down, until it expires, and renews it then", async () => {
    const bench = new Bench();
    bench.renewals.use([createService("a")]);
    await bench.time.advance(hour);
    bench.respond = () => Promise.reject(new Error("https://a.test/?key=hidden-key failed"));
    await bench.time.advance(22 * hour);
    expect(bench.credential()).toBe("c");
    await bench.time.advance(hour);
    expect(bench.states.find("a")).toEqual({ identity: "a", isPending: false });
    expect(bench.lines.map((line) => Object.values(line).slice(0, 2))).toEqual([
      ["warn", expect.stringContaining("the last one stays in use while it lasts")],
      ["error", "a managed TURN credential has expired and could not be renewed"],
    ]);
    bench.respond = async () => good("d");
    await bench.time.advance(61);
    expect(bench.credential()).toBe("d");
    expect(bench.lines.at(-1)).toEqual({
      level: "info",
      msg: "a managed TURN provider gives credentials again",
      provider: "a",
    });
    expect(JSON.stringify(bench.lines)).not.toContain("hidden");
  });

  it("backs off from 1 s to 60 s while requests fail", async () => {
    const bench = new Bench();
    bench.respond = async () => answer(500, "");
    bench.renewals.use([createService("a")]);
    await bench.time.advance(300);
    expect(bench.requests).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    expect(bench.metric("ice_managed_requests_total", { provider: "a" })).toBe(10);
    expect(bench.metric("ice_managed_failures_total", { provider: "a", reason: "status" })).toBe(
      10,
    );
    expect(bench.lines).toHaveLength(1);
  });

  it.each([
    ["seconds", "600", 600],
    ["a date", new Date((startSeconds + 900) * 1000).toUTCString(), 900],
    ["a shorter time than the first retry", "0", 1],
    ["nonsense", "soon", 1],
    ["a year", "31536000", 86_400],
  ])("honors Retry-After with 429: %s", async (_what, retryAfter, seconds) => {
    const bench = new Bench();
    bench.respond = async () => answer(429, "", { "Retry-After": retryAfter });
    bench.renewals.use([createService("a")]);
    await bench.time.advance(seconds - 0.5);
    expect(bench.requests).toEqual([0]);
    bench.respond = async () => good();
    await bench.time.advance(1);
    expect(bench.requests).toEqual([0, seconds]);
    expect(
      bench.metric("ice_managed_failures_total", { provider: "a", reason: "rate-limited" }),
    ).toBe(1);
  });

  it("asks no more often in an hour than maxPerHour, and lets the credential expire", async () => {
    const bench = new Bench();
    bench.respond = async () => good("c", 100);
    bench.renewals.use([createService("a", { maxPerHour: 3 })]);
    await bench.time.advance(hour - 1);
    expect(bench.requests).toEqual([0, 50, 100]);
    expect(bench.credential()).toBeUndefined();
    await bench.time.advance(2);
    expect(bench.requests).toEqual([0, 50, 100, hour]);
    expect(bench.credential()).toBe("c");
  });

  it("counts failed requests for maxPerHour too", async () => {
    const bench = new Bench();
    bench.respond = async () => answer(500, "");
    bench.renewals.use([createService("a", { maxPerHour: 3 })]);
    await bench.time.advance(hour - 1);
    expect(bench.requests).toEqual([0, 1, 3]);
  });

  it("keeps the credential of a provider whose settings stay, and forgets the others", async () => {
    const bench = new Bench();
    bench.renewals.use([createService("a"), createService("b")]);
    await bench.time.advance(1);
    bench.respond = async () => good("other");
    bench.renewals.use([createService("a"), createService("c")]);
    await bench.time.advance(1);
    expect(bench.states.list.map(({ identity }) => identity)).toEqual(["a", "c"]);
    expect([bench.credential("a"), bench.credential("c")]).toEqual(["c", "other"]);
    expect(bench.requests).toEqual([0, 0, 1]);
    bench.renewals.use([]);
    await bench.time.advance(48 * hour);
    expect(bench.requests).toHaveLength(3);
    expect(bench.states.list).toEqual([]);
  });

  it("keeps the credential when only the limits of its requests change, which hold from then on", async () => {
    const bench = new Bench();
    bench.respond = async () => good(`c${bench.requests.length}`, 10);
    bench.renewals.use([createService("a", { maxPerHour: 100 })]);
    await bench.time.advance(12);
    expect(bench.requests).toEqual([0, 5, 10]);
    bench.renewals.use([createService("a", { maxPerHour: 2, timeoutMs: 9000 })]);
    expect(bench.credential()).toBe("c3");
    await bench.time.advance(2 * hour);
    expect(bench.requests).toEqual([0, 5, 10, hour + 5, hour + 10, 2 * hour + 5, 2 * hour + 10]);
    expect(bench.timeoutsMs).toEqual([2000, 2000, 2000, 9000, 9000, 9000, 9000]);
    bench.renewals.use([createService("a")]);
    await bench.time.advance(60);
    expect(bench.requests.length).toBeGreaterThan(15);
  });

  it("renews a credential that servers reject, at most once a minute", async () => {
    const bench = new Bench();
    bench.renewals.use([createService("a")]);
    await bench.time.advance(10);
    bench.rejected = "a";
    await bench.time.advance(49);
    expect(bench.requests).toEqual([0]);
    await bench.time.advance(32);
    expect(bench.requests).toHaveLength(2);
    bench.rejected = "b";
    await bench.time.advance(hour);
    expect(bench.requests).toHaveLength(2);
  });

  it("asks again for as long as servers reject each new credential", async () => {
    const bench = new Bench();
    bench.renewals.use([createService("a")]);
    bench.rejected = "a";
    await bench.time.advance(301);
    expect(bench.requests).toEqual([0, 60, 120, 180, 240, 300]);
  });

  it("leaves a provider alone that has asked for it, even if its credential is rejected", async () => {
    const bench = new Bench();
    bench.respond = async () => answer(429, "", { "Retry-After": "3600" });
    bench.renewals.use([createService("a")]);
    await bench.time.advance(1);
    bench.rejected = "a";
    await bench.time.advance(3000);
    expect(bench.requests).toEqual([0]);
  });

  it("keeps what is known when it stops", async () => {
    const bench = new Bench();
    bench.renewals.use([createService("a")]);
    await bench.time.advance(1);
    bench.renewals.stop();
    await bench.time.advance(48 * hour);
    expect(bench.requests).toHaveLength(1);
    expect(bench.credential()).toBe("c");
  });

  it("renews after the clock was set back", async () => {
    const bench = new Bench();
    bench.renewals.use([createService("a")]);
    await bench.time.advance(hour);
    bench.time.setBack(2 * hour);
    await bench.time.advance(31);
    expect(bench.requests).toHaveLength(2);
  });

  it.each([
    ["malformed", answer(200, "<html>")],
    ["malformed", answer(200, "null")],
    ["malformed", answer(200, { iceServers: 7, ttl: 60 })],
    ["no-turn-url", answer(201, { iceServers: [], ttl: 60 })],
    ["status", answer(204, "")],
    ["status", answer(401, { error: "hidden-text" })],
    ["status", answer(503, "")],
    ["rate-limited", answer(429, "")],
  ])("counts %s, and logs nothing of what was sent or received", async (reason, response) => {
    const bench = new Bench();
    bench.respond = async () => response;
    bench.renewals.use([createService("a")]);
    await bench.time.advance(0);
    expect(bench.metric("ice_managed_failures_total", { provider: "a", reason })).toBe(1);
    expect(bench.states.find("a")).toEqual({ identity: "a", isPending: false });
    expect(bench.lines).toHaveLength(1);
    expect(JSON.stringify(bench.lines)).not.toContain("hidden");
  });
});
