import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { createSigningKey, signToken } from "../authentication/signing-key.js";
import { createCertificate } from "../parts/certificate.js";
import { childPids } from "../parts/child-process.js";
import { startLoad } from "../parts/fresh-connection-load.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { dropConnection, keys, startJwksServer } from "../parts/jwks-server.js";
import { secondsFromNow } from "../parts/real-time.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "reload-test-token";
const route = "/api/v1/ice-servers";
const eventually = <T>(probe: () => T) => expect.poll(probe);
const logged = (service: IceService, text: string) =>
  service.logs().filter(({ msg }) => msg === text);
const reloads = (service: IceService) => logged(service, "configuration reloaded").length;
const refusals = (service: IceService) =>
  logged(service, "configuration not reloaded: the running one stays");

let directory: TemporaryDirectory;
let service: IceService;
beforeEach(async () => {
  directory = await createTemporaryDirectory("reload");
  await directory.write("tokens.yaml", connectorTokens({ reload: token }));
});
afterEach(async () => {
  expect(await service.stop()).toBe(0);
  await directory.remove();
});

/** A configuration whose parts say together which one it is. */
async function writeConfig(name: string, changes: Record<string, unknown> = {}) {
  await directory.write(`${name}.secret`, `secret-of-${name}-secret-of`);
  const config = {
    listen: { host: "127.0.0.1", port: 0 },
    auth: { connectorTokensFile: "tokens.yaml" },
    ice: {
      stunUrls: [`stun:${name}.example.com`],
      turn: { urls: [`turn:${name}.example.com`], secretFiles: [`${name}.secret`], name },
    },
    shutdown: { delay: "0s" },
    ...changes,
  };
  await replace("ice.yaml", stringify(config));
}

/** As editors and deployment tools do: no reader sees a file half written. */
async function replace(name: string, content: string): Promise<void> {
  await rename(await directory.write(`${name}.new`, content), join(directory.path, name));
}

async function start(args: readonly string[] = []) {
  service = await startIceService({
    env: { ICE_CONFIG: join(directory.path, "ice.yaml"), ICE_PORT: "0" },
    args,
  });
}

interface Answer {
  readonly iceServers: { urls: string[]; username?: string; credential?: string }[];
}

async function getServers(bearer = token) {
  const answer = await fetch(service.url + route, {
    headers: { Authorization: `Bearer ${bearer}` },
  });
  return { status: answer.status, body: (await answer.json()) as Answer };
}

/** The name of the configuration that the answer is of; fails when it mixes two. */
function nameOf({ iceServers: [stun, turn] }: Answer): string {
  const name = /^stun:(\w+)\./.exec(stun?.urls[0] ?? "")?.[1] ?? "none";
  const credential = createHmac("sha1", `secret-of-${name}-secret-of`)
    .update(turn?.username ?? "")
    .digest("base64");
  expect(turn).toEqual({
    urls: [`turn:${name}.example.com`],
    username: expect.stringMatching(new RegExp(`^\\d+:${name}$`)),
    credential,
  });
  return name;
}

const servedName = async () => nameOf((await getServers()).body);

describe("a changed configuration", () => {
  it("is taken over by itself, and kept connections stay", async () => {
    await writeConfig("north");
    await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const getKept = async () => {
      const sent = request(service.url + route, {
        agent,
        headers: { Authorization: `Bearer ${token}` },
      }).end();
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      const { localPort: port } = answer.socket;
      return { name: nameOf(JSON.parse((await answer.toArray()).join(""))), port };
    };
    const before = await getKept();
    expect(before.name).toBe("north");
    await writeConfig("south");
    await eventually(async () => (await getKept()).name).toBe("south");
    expect((await getKept()).port).toBe(before.port);
    agent.destroy();
  });

  it("is taken over at SIGHUP", async () => {
    await writeConfig("north");
    await start();
    service.signal("SIGHUP");
    await eventually(() => logged(service, "configuration reloaded")).toEqual([
      expect.objectContaining({ trigger: "SIGHUP" }),
    ]);
  });

  it("is served whole or not at all, under load", async () => {
    await writeConfig("north");
    await start();
    const names = new Set<string>();
    let stopped = false;
    const callers = Array.from({ length: 8 }, async () => {
      while (!stopped) {
        names.add(await servedName());
      }
    });
    for (const name of ["south", "east", "west"]) {
      await writeConfig(name);
      await eventually(() => names.has(name)).toBe(true);
    }
    stopped = true;
    await Promise.all(callers);
    expect([...names]).toEqual(["north", "south", "east", "west"]);
  });

  it("that is broken changes nothing, says what is wrong, and can be mended", async () => {
    await writeConfig("north");
    await start();
    await replace("ice.yaml", "auth: { connectorTokensFile: tokens.yaml }\nice: { stunUrl: [] }\n");
    await eventually(() => refusals(service)).toEqual([
      expect.objectContaining({
        level: "error",
        problems: [
          {
            key: "ice.stunUrl",
            problem: "unknown key",
            fix: expect.stringContaining("stunUrls"),
          },
        ],
      }),
    ]);
    expect(await servedName()).toBe("north");
    await writeConfig("south");
    await eventually(servedName).toBe("south");
  });

  it("whose file is away for a while changes nothing", async () => {
    await writeConfig("north");
    await start();
    const file = join(directory.path, "north.secret");
    await rename(file, `${file}.away`);
    await eventually(() => refusals(service).length).toBe(1);
    expect(await servedName()).toBe("north");
    await rename(`${file}.away`, file);
    await eventually(() => reloads(service)).toBe(1);
  });

  it("names the keys that need a restart", async () => {
    await writeConfig("north");
    await start();
    await writeConfig("south", { log: { format: "pretty" } });
    await eventually(() =>
      logged(service, "a restart is required to apply changes to these keys"),
    ).toEqual([expect.objectContaining({ level: "warn", keys: ["log.format"] })]);
    expect(await servedName()).toBe("south");
  });

  it("is seen through the links by which Kubernetes swaps a volume's content", async () => {
    const writeVolume = async (version: string, content: string) => {
      await mkdir(join(directory.path, version));
      await writeFile(join(directory.path, version, "turn.secret"), content, { mode: 0o640 });
      await symlink(version, join(directory.path, "..data_tmp"));
      await rename(join(directory.path, "..data_tmp"), join(directory.path, "..data"));
    };
    await writeVolume("..v1", "secret-of-north-secret-of");
    await symlink("..data/turn.secret", join(directory.path, "turn.secret"));
    await writeConfig("north", {
      ice: {
        stunUrls: ["stun:north.example.com"],
        turn: { urls: ["turn:north.example.com"], secretFiles: ["turn.secret"], name: "north" },
      },
    });
    await start();
    expect(await servedName()).toBe("north");
    await writeVolume("..v2", "another-secret-of-it");
    await rm(join(directory.path, "..v1"), { recursive: true });
    await eventually(() => reloads(service)).toBe(1);
    const { username = "", credential } = (await getServers()).body.iceServers[1] ?? {};
    expect(credential).toBe(
      createHmac("sha1", "another-secret-of-it").update(username).digest("base64"),
    );
  });
});

describe("revocation", () => {
  it("of a connector token is its removal from the file", async () => {
    await writeConfig("north");
    await start();
    expect((await getServers()).status).toBe(200);
    await replace("tokens.yaml", connectorTokens({ other: "another-token" }));
    await eventually(() => reloads(service)).toBe(1);
    expect((await getServers()).status).toBe(401);
    expect((await getServers("another-token")).status).toBe(200);
  });

  it("of a JWT is an entry in the deny list, whether the token was seen before or not", async () => {
    const key = createSigningKey("ES256");
    await directory.write("key.pem", key.pem);
    await directory.write("deny.yaml", "deny: []\n");
    await writeConfig("north", {
      auth: {
        jwt: [{ issuer: "https://issuer.test", audience: "ice-service", publicKeyFile: "key.pem" }],
        denyListFile: "deny.yaml",
      },
    });
    await start();
    const exp = secondsFromNow(600);
    const sign = (sub: string, jti: string) => signToken(key, { claims: { exp, sub, jti } });
    const [seen, unseen, ofMallory, good] = await Promise.all([
      sign("alice", "t1"),
      sign("alice", "t2"),
      sign("mallory", "t3"),
      sign("alice", "t4"),
    ]);
    for (const each of [seen, ofMallory, good]) {
      expect((await getServers(each)).status).toBe(200);
    }
    await replace(
      "deny.yaml",
      stringify({
        deny: [
          { jti: "t1" },
          { jti: "t2", issuer: "https://issuer.test" },
          { jti: "t4", issuer: "https://other.test" },
          { subject: "mallory" },
        ],
      }),
    );
    await eventually(() => reloads(service)).toBe(1);
    for (const each of [seen, unseen, ofMallory]) {
      expect((await getServers(each)).status).toBe(401);
    }
    expect((await getServers(good)).status).toBe(200);
    // Lines are written a few milliseconds late.
    await eventually(
      () => logged(service, "request").filter(({ cause }) => cause === "revoked").length,
    ).toBe(3);
  });
});

describe("keys and certificates", () => {
  it("from a JWKS URL that is down outlive a reload", async () => {
    const key = createSigningKey("ES256");
    const jwks = await startJwksServer(keys(key.jwk));
    const auth = {
      jwt: [{ issuer: "https://issuer.test", audience: "ice-service", jwksUrl: jwks.url.href }],
    };
    await writeConfig("north", { auth });
    await start();
    jwks.serve(dropConnection);
    await writeConfig("south", { auth });
    await eventually(() => reloads(service)).toBe(1);
    const exp = secondsFromNow(600);
    const answer = await getServers(await signToken(key, { claims: { exp } }));
    expect(nameOf(answer.body)).toBe("south");
    await jwks.close();
  });

  it("from a file are replaced, and tokens of the old key refused", async () => {
    const [old, next] = [createSigningKey("ES256", "old"), createSigningKey("ES256", "next")];
    await directory.write("jwks.json", JSON.stringify({ keys: [old.jwk] }));
    await writeConfig("north", {
      auth: {
        jwt: [{ issuer: "https://issuer.test", audience: "ice-service", jwksFile: "jwks.json" }],
      },
    });
    await start();
    const exp = secondsFromNow(600);
    const ofOld = await signToken(old, { claims: { exp } });
    const ofNext = await signToken(next, { claims: { exp } });
    expect((await getServers(ofOld)).status).toBe(200);
    expect((await getServers(ofNext)).status).toBe(401);
    await replace("jwks.json", JSON.stringify({ keys: [next.jwk] }));
    await eventually(() => reloads(service)).toBe(1);
    expect((await getServers(ofOld)).status).toBe(401);
    expect((await getServers(ofNext)).status).toBe(200);
  });

  it("for TLS are shown to new connections, while an old one goes on", async () => {
    const [first, second] = [await createCertificate(), await createCertificate()];
    const listen = (certificate: typeof first) => ({
      host: "127.0.0.1",
      port: 0,
      tls: { certFile: certificate.certFile, keyFile: certificate.keyFile },
    });
    const open = async () => {
      const socket = connectTls({ port: service.port, rejectUnauthorized: false });
      await once(socket, "secureConnect");
      return socket;
    };
    const fingerprint = async () => {
      const socket = await open();
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      return certificate?.fingerprint256;
    };
    await writeConfig("north", { listen: listen(first) });
    await start();
    const before = await fingerprint();
    const kept = await open();
    await writeConfig("north", { listen: listen(second) });
    await eventually(() => reloads(service)).toBe(1);
    expect(await fingerprint()).not.toBe(before);
    kept.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(String((await once(kept, "data"))[0])).toMatch(/^HTTP\/1\.1 200/);
    kept.destroy();

    // A key that does not fit its certificate.
    await writeConfig("north", {
      listen: { ...listen(second), tls: { certFile: second.certFile, keyFile: first.keyFile } },
    });
    await eventually(() => refusals(service).length).toBe(1);
    expect(await fingerprint()).not.toBe(before);
    await Promise.all([first.stop(), second.stop()]);
  });
});

describe("serve --workers 2", () => {
  it("reloads all workers, and those that come later get the last good files", async () => {
    await writeConfig("north");
    await start(["--workers", "2"]);
    await writeConfig("south");
    await eventually(async () => [await servedName(), await servedName()]).toEqual([
      "south",
      "south",
    ]);
    await replace("ice.yaml", "nonsense: true\n");
    await eventually(() => refusals(service).length).toBe(1);
    const load = startLoad(service.url + route, { authorization: `Bearer ${token}` }, 4);
    for (const [index, pid] of childPids(service.pid).entries()) {
      process.kill(pid, "SIGKILL");
      await eventually(() => logged(service, "worker replaced").length).toBe(index + 1);
    }
    expect(Object.keys(await load.stop())).toEqual(["200"]);
    expect(await servedName()).toBe("south");
  });
});
