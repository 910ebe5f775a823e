import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { startProcess } from "../parts/child-process.js";
import { type ContractServer, reply } from "../parts/contract-server.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { cloudflareKey, startCloudflare, startMetered } from "../parts/managed-services.js";
import { exchangeByEach } from "../parts/relayed-exchange.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const program = new URL("../../dist/main.js", import.meta.url).pathname;
const ownSecret = "north-north-north-north";
const managedSecret = "south-south-south-south";

let directory: TemporaryDirectory;
let own: Coturn;
let managed: Coturn;
let cloudflare: ContractServer;
let metered: ContractServer;
beforeAll(async () => {
  directory = await createTemporaryDirectory("managed-commands");
  await directory.write("tokens.yaml", "tokens: []");
  await directory.write("own.secret", ownSecret);
  await directory.write("cloudflare.token", cloudflareKey.apiToken);
  await directory.write("metered.key", "a-wrong-key");
  own = await startCoturn({ secrets: [ownSecret] });
  managed = await startCoturn({ secrets: [managedSecret] });
  const urls = [`turn:127.0.0.1:${managed.port}?transport=udp`];
  cloudflare = await startCloudflare({ secret: managedSecret, urls });
  metered = await startMetered({ secret: managedSecret, urls });
});
afterAll(async () => {
  await own.stop();
  await managed.stop();
  await cloudflare.close();
  await metered.close();
  await directory.remove();
});

const cloudflareKeys = () => ({
  ...{ provider: "cloudflare", keyId: cloudflareKey.keyId, apiTokenFile: "cloudflare.token" },
  baseUrl: cloudflare.url,
});
const meteredKeys = () => ({
  ...{ provider: "http", tokenFile: "metered.key", tokenParameter: "apiKey" },
  url: `${metered.url}/api/v1/turn/credentials`,
});

/** Runs a command with this `ice.turn`; SIGCONT changes nothing for a process that runs. */
async function run(command: readonly string[], turn: object) {
  const ice = { stunUrls: [], turn };
  const config = { auth: { connectorTokensFile: "tokens.yaml" }, ice };
  const file = await directory.write("ice.yaml", stringify(config));
  const child = startProcess({
    name: "ice-service",
    command: process.execPath,
    args: [program, ...command, "--config", file],
    cwd: directory.path,
  });
  const status = await child.stop("SIGCONT");
  return { status, stdout: child.stdout(), stderr: child.stderr() };
}

describe("ice-service check", () => {
  it("probes managed URLs with their credential, beside the own ones", async () => {
    const { status, stdout } = await run(["check", "--json"], {
      ...{ urls: [`turn:127.0.0.1:${own.port}`], secretFiles: ["own.secret"], probe: {} },
      managed: [cloudflareKeys()],
    });
    const { results } = z
      .object({ results: z.array(z.looseObject({ secret: z.string(), ok: z.boolean() })) })
      .parse(JSON.parse(stdout));
    expect(results.map(({ secret, ok }) => [secret, ok])).toEqual([
      ["own.secret", true],
      ["cloudflare", true],
    ]);
    expect(status).toBe(0);
  });

  it("fails with the reason of a provider that gives no credential, without its key", async () => {
    const turn = { managed: [cloudflareKeys(), meteredKeys()] };
    const { status, stdout, stderr } = await run(["check"], turn);
    expect(stdout).toMatch(/^turn:127\.0\.0\.1:\d+\?transport=udp .* cloudflare +ok /m);
    expect(stdout).toMatch(/^no credential: HTTP status 401\n {2}http\n {2}→ /m);
    expect(status).toBe(1);
    expect(stdout + stderr).not.toContain("a-wrong-key");
    const json = await run(["check", "--json"], turn);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      failedProviders: [{ provider: "http", problem: "HTTP status 401" }],
    });
  });
});

describe("ice-service ice-servers", () => {
  it("prints a managed list, whose credential relays", async () => {
    const { status, stdout } = await run(["ice-servers", "--format", "array"], {
      managed: [cloudflareKeys()],
    });
    expect(status).toBe(0);
    const servers = z
      .array(z.object({ urls: z.array(z.string()), username: z.string(), credential: z.string() }))
      .parse(JSON.parse(stdout));
    expect(await exchangeByEach(servers)).toEqual([`turn:127.0.0.1:${managed.port}?transport=udp`]);
  });

  it("asks no fallback while there are own servers, and warns of a provider that fails", async () => {
    const ownTurn = {
      urls: [`turn:127.0.0.1:${own.port}`],
      secretFiles: ["own.secret"],
      probe: {},
    };
    const before = cloudflare.requests.length;
    await run(["ice-servers"], { ...ownTurn, managed: [cloudflareKeys()] });
    expect(cloudflare.requests).toHaveLength(before);
    cloudflare.misbehave(reply(500, {}));
    const both = { ...ownTurn, managed: [cloudflareKeys()], managedUse: "always" };
    const { status, stdout, stderr } = await run(["ice-servers", "--format", "uri"], both);
    cloudflare.misbehave(undefined);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^turn:\/\/\S+@127\.0\.0\.1:\d+\S*\n$/);
    expect(stderr).toContain("warning: cloudflare gives no credential: HTTP status 500");
  });
});
