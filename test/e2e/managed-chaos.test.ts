import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type ContractServer,
  drop,
  garbage,
  hang,
  type Misbehavior,
  reply,
  stall,
} from "../parts/contract-server.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { findFreePort } from "../parts/free-port.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import {
  cloudflareKey,
  startCloudflare,
  startTwilio,
  twilioAccount,
} from "../parts/managed-services.js";
import { scrape } from "../parts/metrics.js";
import { exchangeByEach } from "../parts/relayed-exchange.js";
import { connectorTokens } from "../parts/tokens.js";

/*
 * Own TURN servers are killed and revived while managed services are slow, down, rate-limited, or lying. As
 * long as one of them has a working relay, responses have one too, and no call fails. CHAOS_STEPS=100 goes on
 * at random for about 20 minutes.
 */

const token = "chaos-test-token";
const secrets = {
  own: "north-north-north",
  cloudflare: "south-south-south",
  twilio: "west-west-west",
};
type Owner = keyof typeof secrets;
const owners = ["own", "cloudflare", "twilio"] as const satisfies readonly Owner[];

const lies: Misbehavior = (response) => {
  const turn = { username: "9999999999:liar", credential: "bGllcw==" };
  const urls = [`turn:127.0.0.1:${ports.cloudflare}`, `turn:127.0.0.1:${ports.twilio}`];
  const list = [{ ...turn, urls }];
  reply(201, { iceServers: list, ice_servers: list, ttl: "20" })(response, noRequest);
};
const noRequest = { method: "", path: "", query: new URLSearchParams(), headers: {}, body: "" };
const behaviors: Readonly<Record<string, Misbehavior | undefined>> = {
  works: undefined,
  hangs: hang,
  stalls: stall,
  drops: drop,
  fails: reply(500, { error: "internal" }),
  "limits requests": reply(429, {}, { "Retry-After": "2" }),
  "sends garbage": garbage,
  "sends nothing usable": reply(201, { iceServers: [], ice_servers: [] }),
  lies,
};

/** Whose TURN server is up, and how the services behave. */
interface Step {
  readonly up: readonly Owner[];
  readonly cloudflare: string;
  readonly twilio: string;
}

const fixedSteps: readonly Step[] = [
  { up: ["cloudflare", "twilio"], cloudflare: "works", twilio: "works" },
  { up: ["twilio"], cloudflare: "works", twilio: "works" },
  { up: ["cloudflare", "twilio"], cloudflare: "lies", twilio: "works" },
  { up: ["cloudflare"], cloudflare: "works", twilio: "hangs" },
  { up: ["own"], cloudflare: "sends garbage", twilio: "limits requests" },
];
const stepCount = Number(process.env["CHAOS_STEPS"] ?? fixedSteps.length);

function pick<T>(choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(Math.random() * choices.length)] ?? choices[0];
}
function makeStep(): Step {
  const names = Object.keys(behaviors);
  const behavior = () => pick(["works", "works", ...names]);
  return {
    up: owners.filter(() => Math.random() < 0.5),
    cloudflare: behavior(),
    twilio: behavior(),
  };
}

/** Whether a source surely has a working relay, once the service has asked it again. */
const hasRelay = ({ up, ...services }: Step) =>
  up.some((owner) => owner === "own" || services[owner] === "works");

const answerSchema = z.object({
  iceServers: z.array(
    z.object({
      urls: z.array(z.string()),
      username: z.string().optional(),
      credential: z.string().optional(),
    }),
  ),
});

let ports: Readonly<Record<Owner, number>>;
const running = new Map<Owner, Coturn>();
let services: Readonly<Record<"cloudflare" | "twilio", ContractServer>>;
let service: IceService;
beforeAll(async () => {
  ports = {
    own: await findFreePort(),
    cloudflare: await findFreePort(),
    twilio: await findFreePort(),
  };
  const handOut = (owner: Owner) => ({
    secret: secrets[owner],
    urls: [`turn:127.0.0.1:${ports[owner]}?transport=udp`],
  });
  services = {
    cloudflare: await startCloudflare(handOut("cloudflare")),
    twilio: await startTwilio(handOut("twilio")),
  };
  service = await startIceService({
    args: ["--workers", "2"],
    files: {
      "tokens.yaml": connectorTokens({ gateway: token }),
      "own.secret": secrets.own,
      "cloudflare.token": cloudflareKey.apiToken,
      "twilio.token": twilioAccount.authToken,
    },
    config: {
      admin: { port: 0 },
      auth: { connectorTokensFile: "tokens.yaml" },
      shutdown: { delay: "0s" },
      ice: {
        stunUrls: [],
        turn: {
          urls: [`turn:127.0.0.1:${ports.own}`],
          secretFiles: ["own.secret"],
          probe: { interval: "1s", timeout: "1s", failures: 2, successes: 1 },
          managed: [
            {
              ...{ provider: "cloudflare", keyId: cloudflareKey.keyId },
              ...{ apiTokenFile: "cloudflare.token", baseUrl: services.cloudflare.url },
              ...{ ttl: "20s", timeout: "1s" },
            },
            {
              ...{ provider: "twilio", accountSid: twilioAccount.accountSid },
              ...{ authTokenFile: "twilio.token", baseUrl: services.twilio.url },
              ...{ ttl: "20s", timeout: "1s" },
            },
          ],
        },
      },
    },
  });
});
afterAll(async () => {
  await service.stop();
  await services.cloudflare.close();
  await services.twilio.close();
});

async function apply({ up, ...behaving }: Step): Promise<void> {
  services.cloudflare.misbehave(behaviors[behaving.cloudflare]);
  services.twilio.misbehave(behaviors[behaving.twilio]);
  await Promise.all(
    owners.map(async (owner) => {
      const coturn = running.get(owner);
      if (up.includes(owner) && coturn === undefined) {
        const started = await startCoturn({ secrets: [secrets[owner]], port: ports[owner] });
        running.set(owner, started);
      } else if (!up.includes(owner) && coturn !== undefined) {
        running.delete(owner);
        await coturn.stop();
      }
    }),
  );
}

async function getList() {
  const response = await fetch(`${service.url}/api/v1/ice-servers`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(200);
  return answerSchema.parse(await response.json()).iceServers;
}
/** Whether a packet goes through one of the relays of a response. */
const relays = async () => (await exchangeByEach(await getList())).length > 0;
/** Of three in a row, as a service may begin to lie only when its last credential is renewed. */
const allRelay = async () => (await relays()) && (await relays()) && (await relays());

describe("responses", () => {
  it("have a working relay while any source has one", async () => {
    const calls = { count: 0, failures: 0, longestMs: 0, ended: false };
    const caller = (async () => {
      while (!calls.ended) {
        const startedMs = performance.now();
        const status = await fetch(`${service.url}/api/v1/ice-servers?token=${token}`).then(
          async (response) => {
            await response.text();
            return response.status;
          },
          () => 0,
        );
        calls.count += 1;
        calls.failures += status === 200 ? 0 : 1;
        calls.longestMs = Math.max(calls.longestMs, performance.now() - startedMs);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    try {
      for (let index = 0; index < stepCount; index++) {
        const step = fixedSteps[index] ?? makeStep();
        await apply(step);
        if (hasRelay(step)) {
          const said = `step ${index}: ${JSON.stringify(step)}`;
          await expect.poll(allRelay, { timeout: 60_000, message: said }).toBe(true);
        }
      }
    } finally {
      calls.ended = true;
      await caller;
      await apply({ up: [], cloudflare: "works", twilio: "works" });
    }
    expect(calls.failures).toBe(0);
    expect(services.cloudflare.mostAtOnce).toBe(1);
    expect(services.twilio.mostAtOnce).toBe(1);
    expect([...services.cloudflare.violations, ...services.twilio.violations]).toEqual([]);
    const metrics = await scrape(service);
    const asked = metrics.value("ice_managed_requests_total") ?? 0;
    expect(asked).toBeLessThanOrEqual(
      services.cloudflare.requests.length + services.twilio.requests.length,
    );
    if (process.env["CHAOS_STEPS"] !== undefined) {
      const answers = metrics.value("ice_managed_answers_total");
      process.stderr.write(`${JSON.stringify({ ...calls, answers, asked })}\n`);
    }
  }, 3_600_000);
});
