import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createIceServerSource,
  type FreshConnectionOptions,
  type IceServerList,
  keepConnectionFresh,
} from "../../../clients/typescript/src/index.js";
import { linkConnections } from "./linked-connections.js";

const ttlSeconds = 600;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const passSeconds = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

/** A service whose answers a test replaces. */
function createService() {
  let lists = 0;
  /** @param username one of its own by default */
  function next(username?: string): IceServerList {
    lists += 1;
    const turn = { urls: ["turn:turn.test"], username: username ?? `list ${lists}` };
    return { iceServers: [{ ...turn, credential: "secret" }], ttlSeconds };
  }
  const service = {
    requests: 0,
    next,
    answer: (): Response | Promise<Response> => Response.json(next()),
  };
  const source = createIceServerSource({
    url: "https://ice.test",
    getToken: () => "token",
    fetch: async () => {
      service.requests += 1;
      return service.answer();
    },
  });
  return { service, source };
}

async function startCall({
  isRelayed = true,
  ...options
}: FreshConnectionOptions & { readonly isRelayed?: boolean } = {}) {
  const { service, source } = createService();
  const { iceServers } = await source.get();
  const [caller] = linkConnections(iceServers, iceServers, { isRelayed, signalMs: 100 });
  const fresh = keepConnectionFresh(caller, source, options);
  await passSeconds(1);
  return { caller, service, source, fresh };
}

const withoutTurn = () => Response.json({ iceServers: [{ urls: ["stun:turn.test"] }] });
const status = (code: number) => () => new Response("{}", { status: code });

describe("stop", () => {
  it.each([
    ["a list", () => Response.json({ iceServers: [], ttlSeconds })],
    ["an error", () => new Response("{}", { status: 403 })],
  ])("leaves the connection alone when %s comes after it", async (_, respond) => {
    const errors: unknown[] = [];
    const call = await startCall({ onError: (error) => void errors.push(error) });
    const configuration = call.caller.getConfiguration();
    let answer = (_: Response) => {};
    call.service.answer = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await passSeconds(0.9 * ttlSeconds);
    expect(call.service.requests).toBe(2);
    call.fresh.stop();
    call.fresh.stop();
    answer(respond());
    await passSeconds(60);
    expect(call.caller.getConfiguration()).toBe(configuration);
    expect(call.caller.generations).toBe(1);
    expect(errors).toEqual([]);
  });

  it("leaves no timer behind", async () => {
    const { fresh } = await startCall();
    fresh.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("keepConnectionFresh", () => {
  it("keeps the relay when a list has no TURN server", async () => {
    const { caller, service } = await startCall();
    const answer = service.answer;
    service.answer = withoutTurn;
    await passSeconds(2 * ttlSeconds);
    expect(caller.generations).toBe(1);
    expect(caller.getConfiguration()).toMatchObject({ iceServers: [{ username: "list 1" }] });
    service.answer = answer;
    await passSeconds(150);
    expect(caller.generations).toBe(2);
    expect(caller.getConfiguration()).toMatchObject({ iceServers: [{ username: "list 2" }] });
  });

  it("does not restart for a list with the same credentials", async () => {
    const { caller, service } = await startCall();
    service.answer = () => Response.json(service.next("list 1"));
    await passSeconds(10 * ttlSeconds);
    expect(caller.generations).toBe(1);
    service.answer = () => Response.json(service.next("another"));
    await passSeconds(ttlSeconds);
    expect(caller.generations).toBe(2);
  });

  it.each([
    ["the token has ended", 401, 10],
    ["the service is away", 503, 10],
    ["the token has ended, and the credentials with it", 401, 2 * ttlSeconds],
    ["the service is away, and the credentials have expired", 503, 2 * ttlSeconds],
  ])("brings a direct call back while %s", async (_, code, seconds) => {
    const { caller, service } = await startCall({ isRelayed: false });
    service.answer = status(code);
    await passSeconds(seconds);
    caller.iceConnectionState = "disconnected";
    await passSeconds(40);
    expect(caller.generations).toBeGreaterThan(1);
  });

  it("brings a relayed call back while the token has ended and the credentials live", async () => {
    const { caller, service } = await startCall();
    service.answer = status(401);
    caller.iceConnectionState = "disconnected";
    await passSeconds(40);
    expect(caller.generations).toBeGreaterThan(1);
  });

  it("leaves a call alone that has come back while a list was on its way", async () => {
    const { caller, service } = await startCall();
    const list = service.next();
    service.answer = () =>
      new Promise((resolve) => setTimeout(() => resolve(Response.json(list)), 5000));
    caller.iceConnectionState = "disconnected";
    await passSeconds(6);
    expect(service.requests).toBe(2);
    caller.iceConnectionState = "connected";
    await passSeconds(60);
    expect(caller.generations).toBe(1);
  });

  it("does not restart a relayed call whose credentials have expired before there are others", async () => {
    const { caller, service } = await startCall();
    service.answer = status(503);
    await passSeconds(2 * ttlSeconds);
    caller.iceConnectionState = "disconnected";
    await passSeconds(120);
    expect(caller.generations).toBe(1);
  });

  it("asks a few times for a hundred connections that share a source", async () => {
    const { service, source } = createService();
    const { iceServers } = await source.get();
    const callers = [];
    for (let index = 0; index < 100; index += 1) {
      const [caller] = linkConnections(iceServers, iceServers, { isRelayed: true, signalMs: 100 });
      keepConnectionFresh(caller, source);
      callers.push(caller);
      await passSeconds(0.02);
    }
    await passSeconds(ttlSeconds);
    expect(service.requests).toBe(2);
    for (const caller of callers) {
      expect(caller.generations).toBe(2);
      caller.iceConnectionState = "disconnected";
    }
    await passSeconds(10);
    expect(service.requests).toBeLessThanOrEqual(4);
    expect(callers.every(({ generations }) => generations === 3)).toBe(true);
  });
});
