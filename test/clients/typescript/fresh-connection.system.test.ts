import { afterAll, beforeAll, describe, type ExpectStatic, it } from "vitest";
import { type Coturn, startCoturn } from "../../parts/coturn.js";
import { findFreePort } from "../../parts/free-port.js";
import {
  type CallBrowser,
  type CallOptions,
  type CallSide,
  callBrowserNames,
  callScriptFile,
  driveCalls,
  openCallBrowser,
} from "../../parts/fresh-call.js";
import { type IceService, startIceService } from "../../parts/ice-service.js";
import { type PageServer, startPageServer } from "../../parts/page-server.js";
import { createSubjectTokens } from "../../parts/subject-tokens.js";
import { connectorTokens } from "../../parts/tokens.js";

const token = "fresh-connection-token";
const secret = "north-north-north-north";
const ttlSeconds = 12;
const tokenLifeSeconds = 4;
const expiries = 3;
const configuration = { policy: "relay", bundlePolicy: "max-bundle" };
const issuer = createSubjectTokens();

let coturn: Coturn;
let server: PageServer;
let service: IceService;
beforeAll(async () => {
  // With a change of credentials, each side has two relays for a while.
  coturn = await startCoturn({ secrets: [secret], relayPortCount: 200 });
  server = await startPageServer(callScriptFile, async ({ url }, response) => {
    if (url !== "/token") {
      return false;
    }
    response.end(await issuer.sign("page", tokenLifeSeconds));
    return true;
  });
  service = await startService();
});
afterAll(async () => {
  await service?.stop();
  await server?.stop();
  await coturn?.stop();
});

const startService = (port = 0) =>
  startIceService({
    files: {
      "tokens.yaml": connectorTokens({ page: token }),
      "turn.secret": secret,
      ...issuer.files,
    },
    config: {
      listen: { port },
      auth: {
        connectorTokensFile: "tokens.yaml",
        jwt: issuer.jwt.map((entry) => ({ ...entry, clockTolerance: "0s" })),
      },
      cors: { allowedOrigins: [server.origin] },
      ice: {
        stunUrls: [],
        turn: {
          urls: [`turn:127.0.0.1:${coturn.port}`],
          secretFiles: ["turn.secret"],
          minTtl: "1s",
        },
      },
      shutdown: { delay: "0s" },
    },
  });

describe.concurrent.each(callBrowserNames)("keepConnectionFresh, in %s", (browserName) => {
  let browser: CallBrowser;
  let calls: ReturnType<typeof driveCalls>;
  beforeAll(async () => {
    browser = await openCallBrowser[browserName](server.origin);
    calls = driveCalls(browser.evaluate);
  });
  afterAll(() => browser?.stop());

  const start = (name: string, options: Partial<CallOptions> = {}) =>
    calls.start(name, { url: service.url, token, ttlSeconds, ...options });

  /** Waits until both sides are so far, and a hundred messages more have come. */
  async function finish(
    expect: ExpectStatic,
    name: string,
    isFinished: (caller: CallSide, callee: CallSide) => boolean,
  ) {
    const read = () => calls.read(name);
    await expect
      .poll(async () => {
        const { caller, callee } = await read();
        return isFinished(caller, callee);
      })
      .toBe(true);
    let last = await read();
    const { received } = last.callee;
    await expect
      .poll(async () => {
        last = await read();
        // A list that was refused is asked for again with another token.
        const isAsking = [last.caller, last.callee].some(({ statuses }) => statuses.at(-1) === 401);
        return (last.callee.received > received + 100 && !isAsking) || last;
      })
      .toBe(true);
    const { caller, callee } = last;
    await calls.end(name);
    return { caller, callee, sides: [caller, callee] };
  }

  it("restarts ICE before each expiry, where both sides use it", async ({ expect }) => {
    await start("both");
    const { sides } = await finish(
      expect,
      "both",
      (caller, callee) => Math.min(caller.expiries, callee.expiries) >= expiries,
    );
    for (const side of sides) {
      expect(side).toMatchObject({ state: "connected", errors: [], glares: 0, ...configuration });
      expect(side.generations).toBeGreaterThan(expiries);
      // The library looks every 2 s, which is too seldom for both sides to keep step with 12 s.
      expect(side.generations).toBeLessThanOrEqual(2 * side.usernames);
      expect(side.longestGapMs).toBeLessThan(2000);
    }
  });

  it("restarts from the side that answered, where the other side does not use it", async ({
    expect,
  }) => {
    await start("answerer", { kept: ["callee"], lasting: ["caller"] });
    const { callee } = await finish(
      expect,
      "answerer",
      (caller, { expiries: expired }) => expired >= expiries && caller.generations >= expiries,
    );
    expect(callee).toMatchObject({ state: "connected", errors: [], ...configuration });
    expect(callee.longestGapMs).toBeLessThan(2000);
  });

  it("leaves a direct connection alone, and keeps its configuration fresh", async ({ expect }) => {
    await start("direct", { policy: "direct", kept: ["caller"], lasting: ["callee"] });
    const { caller } = await finish(
      expect,
      "direct",
      ({ expiries: expired }) => expired >= expiries,
    );
    expect(caller).toMatchObject({ state: "connected", errors: [], policy: "all" });
    expect(caller.generations).toBeLessThanOrEqual(1 + caller.disconnections);
  });

  it("survives that both sides restart at once", async ({ expect }) => {
    await start("glare", { signalMs: 200 });
    const read = () => calls.read("glare");
    for (const glares of [1, 2, 3]) {
      const { received } = (await read()).callee;
      await expect.poll(async () => (await read()).callee.received).toBeGreaterThan(received + 20);
      await calls.restartBoth("glare");
      await expect.poll(async () => (await read()).caller.glares).toBeGreaterThanOrEqual(glares);
    }
    const { sides } = await finish(expect, "glare", ({ expiries: expired }) => expired >= 2);
    for (const side of sides) {
      expect(side).toMatchObject({ state: "connected", errors: [], ...configuration });
      expect(side.longestGapMs).toBeLessThan(2000);
    }
  });

  it("goes on when the service restarts, and when it is away until the credentials have expired", async ({
    expect,
  }) => {
    const port = await findFreePort();
    let restarted = await startService(port);
    await start("restart", { url: restarted.url });
    await restarted.stop();
    restarted = await startService(port);
    const read = async () => (await calls.read("restart")).caller;
    await expect.poll(async () => (await read()).usernames).toBe(2);
    await restarted.stop();
    await expect
      .poll(async () => {
        const { expiries: expired, usernames } = await read();
        return expired === usernames;
      })
      .toBe(true);
    await expect.poll(async () => (await read()).errors).not.toEqual([]);
    restarted = await startService(port);
    const { usernames } = await read();
    const { sides } = await finish(
      expect,
      "restart",
      (caller, callee) => caller.usernames > usernames && callee.usernames > usernames,
    );
    for (const side of sides) {
      expect(side.state).toBe("connected");
      // coturn keeps a relay whose credential has expired.
      expect(side.longestGapMs).toBeLessThan(2000);
    }
    await restarted.stop();
  });

  it("gets another token when one expires between two lists", async ({ expect }) => {
    await start("tokens", { tokenUrl: "/token" });
    const { sides } = await finish(
      expect,
      "tokens",
      ({ expiries: expired }) => expired >= expiries,
    );
    for (const { errors, statuses, longestGapMs } of sides) {
      expect(errors).toEqual([]);
      // A list that is asked for out of turn may come before its token expires.
      expect(statuses.join(" ")).toMatch(/^200( 401 200| 200)*$/);
      expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(2);
      expect(longestGapMs).toBeLessThan(2000);
    }
  });
});
