import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, type ExpectStatic, it } from "vitest";
import { startChromium } from "../../parts/chromium.js";
import { type Coturn, startCoturn } from "../../parts/coturn.js";
import { startFirefox } from "../../parts/firefox.js";
import { type IceService, startIceService } from "../../parts/ice-service.js";
import { type PageServer, startPageServer } from "../../parts/page-server.js";
import { connectorTokens } from "../../parts/tokens.js";

const token = "fresh-connection-token";
const secret = "north-north-north-north";
const ttlSeconds = 12;
/** Three expiries, and the time until the restart after that. */
const expiries = 3;

interface Side {
  readonly state: string;
  readonly generations: number;
  readonly usernames: number;
  readonly policy: string;
  readonly bundlePolicy: string;
}

interface Call {
  readonly caller: Side;
  readonly callee: Side;
  readonly errors: readonly string[];
  readonly glares: number;
  readonly received: number;
  /** Between two messages, without what the page itself has paused. */
  readonly longestGapMs: number;
}

interface Browser {
  evaluate(expression: string): Promise<unknown>;
  stop(): Promise<void>;
}

async function openInChromium(url: string): Promise<Browser> {
  const chromium = await startChromium();
  const page = await chromium.newPage();
  await page.goto(url);
  return { evaluate: (expression) => page.evaluate(expression), stop: chromium.stop };
}

async function openInFirefox(url: string): Promise<Browser> {
  const firefox = await startFirefox({
    preferences: {
      "media.peerconnection.ice.loopback": true,
      // The names of mDNS are not found here, and a call that could be direct would use a relay.
      "media.peerconnection.ice.obfuscate_host_addresses": false,
    },
  });
  await firefox.goto(url);
  return firefox;
}

let coturn: Coturn;
let server: PageServer;
let service: IceService;
beforeAll(async () => {
  coturn = await startCoturn({ secrets: [secret] });
  server = await startPageServer(
    fileURLToPath(new URL("../../parts/fresh-call-script.js", import.meta.url)),
  );
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ page: token }), "turn.secret": secret },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      cors: { allowedOrigins: [server.origin] },
      ice: {
        stunUrls: [],
        turn: {
          urls: [`turn:127.0.0.1:${coturn.port}`],
          secretFiles: ["turn.secret"],
          minTtl: "1s",
        },
      },
    },
  });
});
afterAll(async () => {
  await service.stop();
  await server.stop();
  await coturn.stop();
});

let browser: Browser;
const run = (name: string, ...args: readonly unknown[]) =>
  browser.evaluate(`${name}(${args.map((argument) => JSON.stringify(argument)).join(", ")})`);
const readCall = async (name: string) => (await run("readCall", name)) as Call;

/** Calls until a side has had so many lists. */
async function call(expect: ExpectStatic, name: string, options: object): Promise<Call> {
  await run("startCall", name, { url: service.url, token, ttlSeconds, ...options });
  await expect
    .poll(async () => {
      const { caller, callee } = await readCall(name);
      return Math.max(caller.usernames, callee.usernames);
    })
    .toBeGreaterThan(expiries);
  // The restart follows within a check of the library, and the message after it within another.
  const { received } = await readCall(name);
  await expect.poll(async () => (await readCall(name)).received).toBeGreaterThan(received + 100);
  const end = await readCall(name);
  await run("endCall", name);
  return end;
}

const configuration = { policy: "relay", bundlePolicy: "max-bundle" };

describe.each([
  ["Chromium", openInChromium],
  ["Firefox", openInFirefox],
])("keepConnectionFresh, in %s", (_, open) => {
  beforeAll(async () => {
    browser = await open(server.origin);
  });
  afterAll(() => browser.stop());

  it.concurrent("restarts ICE before each expiry from one side, where both sides use it", async ({
    expect,
  }) => {
    const { caller, callee, errors, glares, longestGapMs } = await call(expect, "both", {
      kept: ["caller", "callee"],
    });
    expect(errors).toEqual([]);
    expect(glares).toBe(0);
    expect(caller).toMatchObject({ state: "connected", ...configuration });
    expect(callee).toMatchObject({ state: "connected", ...configuration });
    for (const { generations, usernames } of [caller, callee]) {
      expect(generations).toBeGreaterThan(expiries);
      // The library looks every 2 s, which is too seldom for both sides to keep step with 12 s.
      expect(generations).toBeLessThanOrEqual(2 * usernames);
    }
    expect(longestGapMs).toBeLessThan(2000);
  });

  it.concurrent("restarts from the side that answered, where the other side does not use it", async ({
    expect,
  }) => {
    const { caller, callee, errors, longestGapMs } = await call(expect, "answerer", {
      kept: ["callee"],
    });
    expect(errors).toEqual([]);
    expect(caller.generations).toBeGreaterThanOrEqual(expiries);
    expect(callee).toMatchObject({ state: "connected", ...configuration });
    expect(longestGapMs).toBeLessThan(2000);
  });

  it.concurrent("leaves a direct connection alone, and keeps its configuration fresh", async ({
    expect,
  }) => {
    const { caller, errors } = await call(expect, "direct", { kept: ["caller"], isDirect: true });
    expect(errors).toEqual([]);
    expect(caller).toMatchObject({ state: "connected", generations: 1, policy: "all" });
  });
});
