import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { rename } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { writeCountryDatabase } from "../parts/country-database.js";
import { type IceService as IceServiceProcess, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";
import { allocateRelay } from "../parts/turn-allocation.js";

const program = new URL("../../dist/main.js", import.meta.url).pathname;
const token = "regions-test-token";
const proxy = "127.0.0.9";
const secrets = { "eu.secret": "north-north-north-north", "us.secret": "south-south-south-south" };
const callers = Array.from({ length: 20 }, (_, index) => `token-of-caller-${index}`);
const answerSchema = z.object({
  iceServers: z.array(
    z.object({
      urls: z.array(z.string()),
      username: z.string().optional(),
      credential: z.string().optional(),
    }),
  ),
  region: z.string().optional(),
});

let directory: TemporaryDirectory;
let coturns: Record<"eu" | "us", Coturn>;

beforeAll(async () => {
  directory = await createTemporaryDirectory("regions");
  await directory.write(
    "tokens.yaml",
    connectorTokens({
      regions: token,
      ...Object.fromEntries(callers.map((each, index) => [`caller-${index}`, each])),
    }),
  );
  for (const [name, secret] of Object.entries(secrets)) {
    await directory.write(name, secret);
  }
  await writeCountries("US");
  const [eu, us] = await Promise.all([
    startCoturn({ secrets: [secrets["eu.secret"]], realm: "eu.test" }),
    startCoturn({ secrets: [secrets["us.secret"]], realm: "us.test" }),
  ]);
  coturns = { eu, us };
});
afterAll(async () => {
  await Promise.all(Object.values(coturns).map((coturn) => coturn.stop()));
  await directory.remove();
});

/** As its makers advise: no reader sees a file half written. */
async function put(name: string, content: string | Uint8Array): Promise<void> {
  await rename(await directory.write(`${name}.new`, content), join(directory.path, name));
}

const writeCountries = (country: string) =>
  put("countries.mmdb", writeCountryDatabase({ "127.0.0.2/32": { country, continent: "NA" } }));

async function writeConfig(name: string, turn: object = {}): Promise<void> {
  const config = {
    listen: { host: "127.0.0.1", port: 0, trustedProxies: [proxy] },
    admin: { port: 0 },
    auth: { connectorTokensFile: "tokens.yaml" },
    ice: {
      stunUrls: [],
      turn: {
        regions: {
          eu: { urls: ["turn:eu.example.com"], secretFiles: ["eu.secret"] },
          us: {
            urls: ["turn:[2001:db8::1]:3478", "turns:[2001:db8::1]:443?transport=tcp"],
            stunUrls: ["stun:us.example.com"],
            secretFiles: ["us.secret"],
            name: "us-gateway",
          },
        },
        defaultRegion: "eu",
        regionFrom: {
          header: "CF-IPCountry",
          database: "countries.mmdb",
          map: { DE: "eu", US: "us" },
        },
        ...turn,
      },
    },
    shutdown: { delay: "0s" },
  };
  await put(name, stringify(config));
}

const start = (name: string, args: readonly string[] = []) =>
  startIceService({ env: { ICE_CONFIG: join(directory.path, name) }, args });

interface RestCall {
  readonly query?: string;
  /** The address that the connection comes from. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bearer?: string;
}

async function getByRest(
  { url }: IceServiceProcess,
  { query = "", from = "127.0.0.1", headers = {}, bearer = token }: RestCall = {},
) {
  const sent = request(`${url}/api/v1/ice-servers${query}`, {
    localAddress: from,
    agent: false,
    headers: { ...headers, Authorization: `Bearer ${bearer}` },
  }).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const body: unknown = JSON.parse((await answer.toArray()).join(""));
  return { status: answer.statusCode, body };
}

async function regionOf(service: IceServiceProcess, call: RestCall): Promise<string | undefined> {
  return answerSchema.parse((await getByRest(service, call)).body).region;
}

const eventually = <T>(probe: () => T) => expect.poll(probe);
const logged = (service: IceServiceProcess, text: string) =>
  service.logs().filter(({ msg }) => msg === text);

describe("a service with regions", () => {
  let service: IceServiceProcess;
  /** @param from the address that the connection comes from */
  const getByGrpc = (region: string, headers: Record<string, string> = {}, from = "127.0.0.1") => {
    const { host, port, url: baseUrl } = service;
    const createConnection = () => connect({ host, port, localAddress: from });
    const transport = createGrpcTransport({ baseUrl, nodeOptions: { createConnection } });
    return createClient(IceService, transport).getIceServers(
      { region },
      { headers: { ...headers, Authorization: `Bearer ${token}` } },
    );
  };

  beforeAll(async () => {
    await writeConfig("ice.yaml");
    service = await start("ice.yaml");
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  it.each([
    ["eu", "?region=eu", [["turn:eu.example.com"]], /^\d+:webrtc-gateway$/],
    ["eu", "", [["turn:eu.example.com"]], /^\d+:webrtc-gateway$/],
    [
      "us",
      "?region=us",
      [
        ["stun:us.example.com"],
        ["turn:[2001:db8::1]:3478", "turns:[2001:db8::1]:443?transport=tcp"],
      ],
      /^\d+:us-gateway$/,
    ],
  ])("gives the servers of %s over REST for %j", async (region, query, urls, username) => {
    const answer = answerSchema.parse((await getByRest(service, { query })).body);
    expect(answer.region).toBe(region);
    expect(answer.iceServers.map((server) => server.urls)).toEqual(urls);
    expect(answer.iceServers.at(-1)?.username).toMatch(username);
  });

  it.each([
    ["eu", "", "eu.example.com"],
    ["eu", "eu", "eu.example.com"],
    ["us", "us", "2001:db8::1"],
  ])("gives the servers of %s over gRPC for %j", async (served, asked, host) => {
    const { region, iceServers } = await getByGrpc(asked);
    expect(region).toBe(served);
    expect(iceServers.at(-1)?.urls).toContainEqual(expect.stringContaining(host));
  });

  it("refuses an unknown region, and names the known ones, over REST and gRPC", async () => {
    const message = "region is unknown: the regions are eu, us";
    expect(await getByRest(service, { query: "?region=mars" })).toMatchObject({
      status: 400,
      body: { code: "invalid_argument", error: message },
    });
    const error = await getByGrpc("mars").catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: message });
  });

  it.each<[what: string, call: RestCall, region: string]>([
    ["a trusted proxy's header", { from: proxy, headers: { "CF-IPCountry": "US" } }, "us"],
    ["nobody else's header", { from: "127.0.0.3", headers: { "CF-IPCountry": "US" } }, "eu"],
    [
      "the field rather than a header",
      { from: proxy, headers: { "CF-IPCountry": "US" }, query: "?region=eu" },
      "eu",
    ],
    [
      "the address rather than a stranger's header",
      { from: "127.0.0.2", headers: { "CF-IPCountry": "DE" } },
      "us",
    ],
    ["the client's address", { from: "127.0.0.2" }, "us"],
    [
      "the client's address behind a trusted proxy",
      { from: proxy, headers: { "X-Forwarded-For": "127.0.0.2" } },
      "us",
    ],
    ["the field rather than the address", { from: "127.0.0.2", query: "?region=eu" }, "eu"],
    ["the default where nothing tells", { from: "127.0.0.3" }, "eu"],
    [
      "the default for an unmapped header",
      { from: proxy, headers: { "CF-IPCountry": "XX" } },
      "eu",
    ],
  ])("goes by %s", async (_, call, region) => {
    expect(await regionOf(service, call)).toBe(region);
  });

  it("goes by header and address over gRPC too", async () => {
    expect((await getByGrpc("", { "CF-IPCountry": "US" }, proxy)).region).toBe("us");
    expect((await getByGrpc("", { "CF-IPCountry": "US" })).region).toBe("eu");
    expect((await getByGrpc("", {}, "127.0.0.2")).region).toBe("us");
  });

  it("counts credentials by region", async () => {
    const count = async () =>
      (await scrape(service)).value("ice_credentials_issued_total", { region: "us" }) ?? 0;
    const before = await count();
    await getByRest(service, { query: "?region=us" });
    await getByRest(service, { query: "?region=eu" });
    expect(await count()).toBe(before + 1);
  });

  it("names the region in the log, of those that got servers", async () => {
    await getByRest(service, { query: "?region=us&maxUrls=1" });
    await getByRest(service, { query: "?region=mars" });
    const regions = () =>
      logged(service, "request")
        .slice(-2)
        .map(({ code, region }) => [code, region]);
    await eventually(regions).toEqual([
      ["ok", "us"],
      ["invalid_argument", undefined],
    ]);
  });

  it("writes no region where none are configured", async () => {
    const plain = await startIceService({
      files: { "tokens.yaml": connectorTokens({ plain: token }) },
      config: { auth: { connectorTokensFile: "tokens.yaml" } },
    });
    try {
      expect((await getByRest(plain)).body).toEqual({ iceServers: [expect.anything()] });
      expect(await getByRest(plain, { query: "?region=eu" })).toMatchObject({ status: 400 });
    } finally {
      await plain.stop();
    }
  });
});

describe("ice-service config check", () => {
  it("finds a database that cannot be used", async () => {
    await writeConfig("bad.yaml", {
      regionFrom: { database: "tokens.yaml", map: { US: "us" } },
    });
    const args = [program, "config", "check", "--config", join(directory.path, "bad.yaml")];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stderr).toMatch(/ice\.turn\.regionFrom\.database.*MaxMind's format/);
    expect(status).toBe(2);
  });
});

describe("regions of real TURN servers", () => {
  it("each accept what their region's answer holds, and refuse the other's", async () => {
    const regions = Object.fromEntries(
      (["eu", "us"] as const).map((name) => [
        name,
        { urls: [`turn:127.0.0.1:${coturns[name].port}`], secretFiles: [`${name}.secret`] },
      ]),
    );
    await writeConfig("coturn.yaml", { regions });
    const service = await start("coturn.yaml");
    try {
      for (const asked of ["eu", "us"] as const) {
        const { body } = await getByRest(service, { query: `?region=${asked}` });
        const {
          urls = [],
          username = "",
          credential = "",
        } = answerSchema.parse(body).iceServers[0] ?? {};
        expect(urls).toEqual([`turn:127.0.0.1:${coturns[asked].port}`]);
        for (const name of ["eu", "us"] as const) {
          const { port, realm } = coturns[name];
          const target = { port, realm, transport: "udp", username, credential } as const;
          expect((await allocateRelay(target)).allocated).toBe(name === asked);
        }
      }
    } finally {
      await service.stop();
    }
  });
});

describe("the servers of a region", () => {
  it("are shared among callers, each of whom keeps its own through a restart", async () => {
    const hosts = ["a", "b", "c"];
    const regions = {
      eu: { urls: hosts.map((host) => `turn:${host}.example`), secretFiles: ["eu.secret"] },
    };
    await writeConfig("shared.yaml", { regions, regionFrom: undefined, serversPerAnswer: 1 });
    const askAll = async () => {
      const service = await start("shared.yaml");
      try {
        const answers = callers.map(async (bearer) => {
          const { body } = await getByRest(service, { bearer });
          return answerSchema
            .parse(body)
            .iceServers.flatMap(({ urls }) => urls)
            .join();
        });
        return await Promise.all(answers);
      } finally {
        await service.stop();
      }
    };
    const first = await askAll();
    expect(new Set(first)).toEqual(new Set(regions.eu.urls));
    expect(await askAll()).toEqual(first);
  });
});

describe.each([
  ["one process", []],
  ["workers", ["--workers", "2"]],
])("a reload in %s", (_, args) => {
  it("takes over changed regions and a changed database, and keeps the old of a bad one", async () => {
    await writeCountries("US");
    await writeConfig("reload.yaml");
    const service = await start("reload.yaml", args);
    const fromAddress = () => regionOf(service, { from: "127.0.0.2" });
    // With workers, each of them has to follow.
    const seen = async () => [await fromAddress(), await fromAddress()];
    try {
      await eventually(seen).toEqual(["us", "us"]);
      await writeCountries("DE");
      await eventually(seen).toEqual(["eu", "eu"]);

      await put("countries.mmdb", "no database");
      const refusals = () => logged(service, "configuration not reloaded: the running one stays");
      await eventually(refusals).toEqual([
        expect.objectContaining({
          problems: [expect.objectContaining({ key: "ice.turn.regionFrom.database" })],
        }),
      ]);
      expect(await seen()).toEqual(["eu", "eu"]);

      await writeCountries("DE");
      await writeConfig("reload.yaml", {
        regions: { ap: { urls: ["turn:ap.example.com"], secretFiles: ["us.secret"] } },
        defaultRegion: "ap",
        regionFrom: undefined,
      });
      await eventually(seen).toEqual(["ap", "ap"]);
      expect((await getByRest(service, { query: "?region=eu" })).status).toBe(400);
    } finally {
      expect(await service.stop()).toBe(0);
    }
  });
});
