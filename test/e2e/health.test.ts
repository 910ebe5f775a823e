import { createSecretKey } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { createCredentialIssuer } from "../../src/turn/providers/shared-secret/turn-credential.js";
import { createCertificate } from "../parts/certificate.js";
import { childPids } from "../parts/child-process.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { findFreePort } from "../parts/free-port.js";
import { holdRelay } from "../parts/held-relay.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { secondsFromNow } from "../parts/real-time.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "health-test-token";
const secret = "north-north-north-north";
const probe = { interval: "1s", timeout: "1s", failures: 2, successes: 2 };
const names = ["a", "b", "c"] as const;
type Name = (typeof names)[number];

const answerSchema = z.object({ iceServers: z.array(z.object({ urls: z.array(z.string()) })) });
const healthSchema = z.object({
  probing: z.boolean(),
  groups: z.array(
    z.object({
      kind: z.string(),
      region: z.string().optional(),
      state: z.string(),
      urls: z.array(
        z.looseObject({ url: z.string(), state: z.string(), lastCause: z.string().optional() }),
      ),
    }),
  ),
});

/** Longer than failures × interval + timeout, because the machine may be busy. */
const eventually = <T>(check: () => T) => expect.poll(check, { interval: 100 });

/** On a new connection each time, which workers get in turn. */
async function getUrls({ url }: IceService, query = ""): Promise<string[]> {
  const sent = request(`${url}/api/v1/ice-servers${query}`, {
    agent: false,
    headers: { authorization: `Bearer ${token}` },
  }).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const body: unknown = JSON.parse((await answer.toArray()).join(""));
  return answerSchema.parse(body).iceServers.flatMap(({ urls }) => urls);
}

async function getHealth({ adminUrl }: IceService) {
  const response = await fetch(`${adminUrl}/health/turn`);
  return healthSchema.parse(await response.json());
}

const messages = (service: IceService, level: string) =>
  service.logs().flatMap((line) => (line.level === level ? [line.msg] : []));

/** Three TURN servers, each of which keeps its port. */
class Servers {
  readonly #ports: Readonly<Record<Name, number>>;
  readonly #running = new Map<Name, Coturn>();

  constructor(ports: Readonly<Record<Name, number>>) {
    this.#ports = ports;
  }

  /** Those that accept calls from now until after the next call of stop. */
  get running(): Name[] {
    return [...this.#running.keys()];
  }

  async start(...which: Name[]): Promise<void> {
    await Promise.all(
      which
        .filter((name) => !this.#running.has(name))
        .map(async (name) => {
          const coturn = await startCoturn({ secrets: [secret], port: this.#ports[name] });
          this.#running.set(name, coturn);
        }),
    );
  }

  async stop(...which: readonly Name[]): Promise<void> {
    await Promise.all(
      which.map(async (name) => {
        const coturn = this.#running.get(name);
        this.#running.delete(name);
        await coturn?.stop();
      }),
    );
  }

  stun(name: Name): string {
    return `stun:127.0.0.1:${this.#ports[name]}`;
  }

  turn(name: Name): string[] {
    const url = `turn:127.0.0.1:${this.#ports[name]}`;
    return [url, `${url}?transport=tcp`];
  }

  urls(...which: readonly Name[]): string[] {
    return [...which.map((name) => this.stun(name)), ...which.flatMap((name) => this.turn(name))];
  }
}

let servers: Servers;
beforeAll(async () => {
  servers = new Servers({
    a: await findFreePort(),
    b: await findFreePort(),
    c: await findFreePort(),
  });
});
beforeEach(() => servers.start(...names), 60_000);
afterEach(() => servers.stop(...names));

const start = (ice: object, args: readonly string[] = [], env: Record<string, string> = {}) =>
  startIceService({
    args,
    env,
    files: { "tokens.yaml": connectorTokens({ health: token }), "turn.secret": secret },
    config: {
      admin: { port: 0 },
      auth: { connectorTokensFile: "tokens.yaml" },
      ice,
      shutdown: { delay: "0s", timeout: "1s" },
    },
  });

describe.each([
  ["one process", []],
  ["two workers", ["--workers", "2"]],
])("health-aware lists of %s", (_, args) => {
  let service: IceService;
  beforeEach(async () => {
    const stunUrls = names.map((name) => servers.stun(name));
    const urls = names.flatMap((name) => servers.turn(name));
    service = await start({ stunUrls, turn: { urls, secretFiles: ["turn.secret"], probe } }, args);
  });
  afterEach(async () => {
    expect(await service.stop()).toBe(0);
  });

  /** Of four answers, two by each worker. */
  const seen = async () => {
    const answers = [];
    for (let count = 0; count < 4; count++) {
      answers.push((await getUrls(service)).join(" "));
    }
    return [...new Set(answers)];
  };
  const only = (...which: Name[]) => [servers.urls(...which).join(" ")];

  /**
   * Sends requests all the time, and collects the answers whose servers were all down while others were
   * up.
   */
  async function watchWhile(
    act: () => Promise<void>,
  ): Promise<{ answers: number; dead: string[] }> {
    const found = { answers: 0, dead: [] as string[] };
    let ended = false;
    const watching = (async () => {
      while (!ended) {
        const before = servers.running;
        const urls = await getUrls(service);
        const live = before.filter((name) => servers.running.includes(name));
        const usable = live.flatMap((name) => servers.turn(name));
        found.answers += 1;
        if (live.length > 0 && !urls.some((url) => usable.includes(url))) {
          found.dead.push(urls.join(" "));
        }
        await sleep(20);
      }
    })();
    try {
      await act();
    } finally {
      ended = true;
      await watching;
    }
    return found;
  }

  it("do without a server that is down, until it is back, and never hold dead URLs only", async () => {
    const { answers, dead } = await watchWhile(async () => {
      await eventually(seen).toEqual(only("a", "b", "c"));
      await servers.stop("a");
      await eventually(seen).toEqual(only("b", "c"));
      await servers.stop("b");
      await eventually(seen).toEqual(only("c"));
      await servers.start("a");
      await eventually(seen).toEqual(only("a", "c"));
      await servers.stop("c");
      await eventually(seen).toEqual(only("a"));
      await servers.start("b", "c");
      await eventually(seen).toEqual(only("a", "b", "c"));
    });
    expect(dead).toEqual([]);
    expect(answers).toBeGreaterThan(20);
    const findDown = () => service.logs().filter(({ msg }) => msg.startsWith("a URL is down"));
    await eventually(() => findDown().length).toBe(9);
    const down = findDown();
    expect(down[0]).toMatchObject({ level: "warn", cause: "refused" });
    expect(down[0]?.["fix"]).toMatch(/^Nothing listens there/);
    expect(service.stderr()).not.toContain(secret);
  }, 120_000);

  it("hold all URLs when all are down, and say so", async () => {
    await eventually(async () => (await getHealth(service)).groups[1]?.urls[5]?.state).toBe("up");
    await servers.stop(...names);
    await eventually(async () =>
      (await getHealth(service)).groups.map(({ state }) => state),
    ).toEqual(["failing-open", "failing-open"]);
    expect(await seen()).toEqual(only(...names));
    const said = "all URLs are down: all of them are handed out";
    await eventually(() => messages(service, "error")).toEqual([said, said]);
    const { value } = await scrape(service);
    expect(value("ice_failing_open", { kind: "turn", region: "default" })).toBe(1);
    expect(value("ice_failing_open", { kind: "stun", region: "default" })).toBe(1);
    expect(value("ice_turn_url_up")).toBe(0);
    expect(value("ice_stun_url_up")).toBe(0);
    expect(value("ice_probe_failures_total")).toBeGreaterThanOrEqual(18);

    await servers.start("b");
    await eventually(seen).toEqual(only("b"));
    const ended = "URLs that are up are handed out again";
    await eventually(() => messages(service, "info")).toContain(ended);
    const after = await scrape(service);
    expect(after.value("ice_failing_open")).toBe(0);
    expect(after.value("ice_turn_url_up", { url: servers.turn("b")[1] ?? "" })).toBe(1);
    expect(after.value("ice_turn_url_up")).toBe(2);
  }, 120_000);
});

describe("a worker that replaces another", () => {
  it("knows from its first answer on what is down", async () => {
    const urls = names.flatMap((name) => servers.turn(name));
    const turn = { urls, secretFiles: ["turn.secret"], probe };
    const service = await start({ stunUrls: [], turn }, ["--workers", "2"]);
    try {
      await servers.stop("a");
      const live = ["b", "c"].flatMap((name) => servers.turn(z.enum(names).parse(name)));
      await eventually(() => getUrls(service)).toEqual(live);
      await eventually(() => getUrls(service)).toEqual(live);
      const [first = -1] = childPids(service.pid);
      process.kill(first, "SIGKILL");
      const answers = new Set<string>();
      const replaced = () => messages(service, "info").includes("worker replaced");
      await eventually(async () => {
        answers.add((await getUrls(service).catch(() => live)).join(" "));
        return replaced();
      }).toBe(true);
      for (let count = 0; count < 4; count++) {
        answers.add((await getUrls(service)).join(" "));
      }
      expect([...answers]).toEqual([live.join(" ")]);
    } finally {
      await service.stop();
    }
  });
});

describe("health-aware lists of regions", () => {
  it("go on to the next region, and leave out a server with another secret", async () => {
    const other = await startCoturn({ secrets: ["south-south-south-south"] });
    const wrong = `turn:127.0.0.1:${other.port}`;
    const regions = {
      eu: { urls: servers.turn("a") },
      us: { urls: [...servers.turn("b"), wrong] },
    };
    const turn = { regions, defaultRegion: "eu", secretFiles: ["turn.secret"], probe };
    const service = await start({ stunUrls: [servers.stun("c")], turn });
    const stun = servers.stun("c");
    try {
      await eventually(() => getUrls(service, "?region=us")).toEqual([stun, ...servers.turn("b")]);
      const wrongHealth = async () =>
        (await getHealth(service)).groups
          .flatMap(({ urls }) => urls)
          .filter(({ url }) => url === wrong);
      expect(await wrongHealth()).toMatchObject([{ state: "down", lastCause: "wrong-secret" }]);
      await servers.stop("a");
      await eventually(() => getUrls(service, "?region=eu")).toEqual([stun, ...servers.turn("b")]);
      await eventually(() => messages(service, "error")).toEqual([
        "all URLs of a region are down: another region replaces it",
      ]);
      const states = async () =>
        (await getHealth(service)).groups.map(({ region, state }) => [region, state]);
      expect(await states()).toEqual([
        [undefined, "live"],
        ["eu", "replaced"],
        ["us", "live"],
      ]);
      await servers.start("a");
      await eventually(() => getUrls(service, "?region=eu")).toEqual([stun, ...servers.turn("a")]);
    } finally {
      await service.stop();
      await other.stop();
    }
  });
});

describe("a server whose certificate has expired", () => {
  it("is left out over TLS, and stays in use without", async () => {
    const certificate = await createCertificate();
    const certFile = await certificate.signAnother("DNS:localhost,IP:127.0.0.1", -1);
    const [good, expired] = await Promise.all([
      startCoturn({ secrets: [secret], tls: certificate }),
      startCoturn({ secrets: [secret], tls: { certFile, keyFile: certificate.keyFile } }),
    ]);
    const overTls = ({ tlsPort }: Coturn) => `turns:127.0.0.1:${tlsPort}?transport=tcp`;
    const plain = `turn:127.0.0.1:${expired.port}`;
    const turn = {
      urls: [overTls(good), overTls(expired), plain],
      secretFiles: ["turn.secret"],
      probe,
    };
    const env = { NODE_EXTRA_CA_CERTS: certificate.caFile };
    const service = await start({ stunUrls: [], turn }, [], env);
    try {
      await eventually(() => getUrls(service)).toEqual([overTls(good), plain]);
      const [first, second] = (await getHealth(service)).groups[0]?.urls ?? [];
      expect([first?.state, second?.lastCause]).toEqual(["up", "tls-expired"]);
    } finally {
      await service.stop();
      await Promise.all([good.stop(), expired.stop()]);
      await certificate.stop();
    }
  });
});

describe("a server that gives no more relays", () => {
  const issue = createCredentialIssuer(createSecretKey(secret, "utf8"));
  /** A name of the callers, or the probe's own, whose quota is used up. */
  const occupy = (port: number, name: string) => holdRelay(port, issue(name, secondsFromNow(600)));

  it.each([
    ["clients", ["total-quota=1"], "subject"],
    ["bits per second", ["max-bps=1000", "bps-capacity=1000"], "subject"],
    ["clients of the name that all share", ["user-quota=1"], "static"],
  ])(
    "for too many %s is replaced by the next region, until it does",
    async (_, extra, identity) => {
      const full = await startCoturn({ secrets: [secret], extra });
      const eu = [`turn:127.0.0.1:${full.port}`];
      const regions = { eu: { urls: eu, stunUrls: [] }, us: { urls: servers.turn("b") } };
      const secretFiles = ["turn.secret"];
      const turn = { regions, defaultRegion: "eu", secretFiles, probe, identity, name: "caller" };
      const held = await occupy(full.port, "caller");
      const service = await start({ stunUrls: [], turn });
      try {
        await eventually(() => getUrls(service)).toEqual(servers.turn("b"));
        const [group] = (await getHealth(service)).groups;
        expect(group).toMatchObject({ state: "replaced", urls: [{ lastCause: "full" }] });
        await held.release();
        await eventually(() => getUrls(service)).toEqual(eu);
      } finally {
        held.close();
        await service.stop();
        await full.stop();
      }
    },
  );

  it("to the probe's own name stays in the list, with a warning", async () => {
    const limited = await startCoturn({ secrets: [secret], extra: ["user-quota=1"] });
    const urls = [`turn:127.0.0.1:${limited.port}`];
    const turn = { urls, secretFiles: ["turn.secret"], probe, identity: "subject" };
    const held = await occupy(limited.port, "ice-service-probe");
    const service = await start({ stunUrls: [], turn });
    try {
      const said = "a TURN server is full for the probe, and stays in use";
      await eventually(() => messages(service, "warn")).toContain(said);
      const [group] = (await getHealth(service)).groups;
      expect(group?.urls).toMatchObject([{ state: "up", lastCause: "quota" }]);
      expect(await getUrls(service)).toEqual(urls);
    } finally {
      held.close();
      await service.stop();
      await limited.stop();
    }
  });
});

describe.each([
  ["one process", []],
  ["two workers", ["--workers", "2"]],
])("a reload of %s", (_, args) => {
  it("keeps what is known of URLs that stay, and forgets it where nothing is probed", async () => {
    const directory = await createTemporaryDirectory("health");
    await directory.write("tokens.yaml", connectorTokens({ health: token }));
    await directory.write("turn.secret", secret);
    const write = (turn: object) =>
      directory.write(
        "ice.yaml",
        stringify({
          listen: { host: "127.0.0.1", port: 0 },
          admin: { port: 0 },
          auth: { connectorTokensFile: "tokens.yaml" },
          ice: { stunUrls: [], turn: { secretFiles: ["turn.secret"], ...turn } },
          shutdown: { delay: "0s" },
        }),
      );
    const ab = [...servers.turn("a"), ...servers.turn("b")];
    const file = await write({ urls: ab, probe });
    const service = await startIceService({ env: { ICE_CONFIG: file }, args });
    const seen = async () => [await getUrls(service), await getUrls(service)];
    const reloads = () =>
      messages(service, "info").filter((msg) => msg.includes("reloaded")).length;
    try {
      await servers.stop("a");
      await eventually(seen).toEqual([servers.turn("b"), servers.turn("b")]);
      // A time in which no probe could detect this again.
      const slow = { ...probe, interval: "1h", failures: 100 };
      await write({ urls: [...ab, "turn:127.0.0.1:1"], probe: slow });
      await eventually(reloads).toBe(1);
      const known = [...servers.turn("b"), "turn:127.0.0.1:1"];
      await eventually(seen).toEqual([known, known]);
      expect((await getHealth(service)).groups[0]?.urls.map(({ state }) => state)).toEqual([
        "down",
        "down",
        "up",
        "up",
        "unknown",
      ]);
      await write({ urls: ab });
      await eventually(seen).toEqual([ab, ab]);
      expect(await getHealth(service)).toEqual({ probing: false, groups: [] });
      await write({ urls: ab, probe });
      await eventually(seen).toEqual([servers.turn("b"), servers.turn("b")]);
    } finally {
      expect(await service.stop()).toBe(0);
      await directory.remove();
    }
  });
});

describe.each([
  ["one process", []],
  ["two workers", ["--workers", "2"]],
])("a name that nobody resolves, in %s", (_, args) => {
  it("counts as down, and holds up neither the start nor the stop", async () => {
    const turn = {
      urls: ["turn:slow.example", ...servers.turn("a")],
      secretFiles: ["turn.secret"],
      probe: { ...probe, failures: 1 },
    };
    const slowNames = new URL("../parts/slow-names.mjs", import.meta.url).href;
    const env = { NODE_OPTIONS: `--import ${slowNames}` };
    const service = await start({ stunUrls: [], turn }, args, env);
    try {
      await eventually(() => getUrls(service)).toEqual(servers.turn("a"));
      const [slow] = (await getHealth(service)).groups[0]?.urls ?? [];
      expect(slow).toMatchObject({ state: "down", lastCause: "time-out" });
    } finally {
      // After 15 s it would be killed.
      expect(await service.stop()).toBe(0);
    }
  });
});
