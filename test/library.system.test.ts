import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Code, createClient } from "@connectrpc/connect";
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
} from "@connectrpc/connect-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Health } from "../src/gen/grpc/health/v1/health_pb.js";
import { IceService } from "../src/gen/ice/v1/ice_service_pb.js";
import { createIceService, type MountedIceService } from "../src/library.js";
import { type ChildProcess, startProcess } from "./parts/child-process.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "./parts/temporary-directory.js";
import { connectorTokens } from "./parts/tokens.js";

const token = "library-test-token";
const headers = { Authorization: `Bearer ${token}` };
const root = fileURLToPath(new URL("..", import.meta.url));

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await createTemporaryDirectory("library");
  await directory.write("tokens.yaml", connectorTokens({ backend: token }));
  await configure("north");
});
afterEach(() => directory.remove());

const configFile = () => `${directory.path}/ice.yaml`;
const configure = (name: string, rest = {}) =>
  writeFile(
    `${directory.path}/ice.yaml`,
    JSON.stringify({
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls: [`stun:${name}.example.com`] },
      ...rest,
    }),
  );

describe("createIceService, in a server of Connect beside another service", () => {
  let ice: MountedIceService;
  let server: ReturnType<typeof createServer>;
  let baseUrl: string;
  const warnings: string[] = [];
  const start = async () => {
    warnings.length = 0;
    ice = createIceService({
      configFile: configFile(),
      log: { info() {}, warn: (_, message) => void warnings.push(message) },
    });
    server = createServer(
      connectNodeAdapter({
        routes(router) {
          ice.routes(router);
          router.service(Health, { check: () => ({}) });
        },
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    server.close();
    ice.close();
  });
  const client = () => createClient(IceService, createGrpcTransport({ baseUrl }));
  const stunOf = (response: { iceServers: { urls: string[] }[] } | undefined) =>
    response?.iceServers[0]?.urls[0];

  it("answers callers with a token, and no others", async () => {
    await start();
    expect(stunOf(await client().getIceServers({}, { headers }))).toBe("stun:north.example.com");
    await expect(client().getIceServers({})).rejects.toMatchObject({
      code: Code.Unauthenticated,
      rawMessage: "invalid auth token",
    });
    await expect(
      createClient(Health, createGrpcTransport({ baseUrl })).check({}),
    ).resolves.toBeDefined();
  });

  it("turns errors of the domain into codes, also those of streams", async () => {
    await start();
    const request = { region: "mars" };
    const error = { code: Code.InvalidArgument };
    await expect(client().getIceServers(request, { headers })).rejects.toMatchObject(error);
    const watch = client().watchIceServers(request, { headers })[Symbol.asyncIterator]();
    await expect(watch.next()).rejects.toMatchObject(error);
    await expect(client().getIceServers({ user: "ada" }, { headers })).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
  });

  it("goes on by another configuration after a reload, watches included", async () => {
    await start();
    const watch = client().watchIceServers({}, { headers })[Symbol.asyncIterator]();
    expect(stunOf((await watch.next()).value?.response)).toBe("stun:north.example.com");
    await configure("south");
    ice.reload();
    expect(stunOf((await watch.next()).value?.response)).toBe("stun:south.example.com");
    expect(stunOf(await client().getIceServers({}, { headers }))).toBe("stun:south.example.com");
    await watch.return?.();
  });

  it("keeps the configuration when another one cannot be used", async () => {
    await start();
    await writeFile(configFile(), "ice: { stunUrls: [ 'stun://x' ] }");
    expect(() => ice.reload()).toThrow("stun://x");
    expect(stunOf(await client().getIceServers({}, { headers }))).toBe("stun:north.example.com");
  });

  it("closes a watch when its client leaves", async () => {
    await configure("north", { limits: { watchesPerCaller: 1 } });
    await start();
    const open = async () => {
      const controller = new AbortController();
      const watch = client().watchIceServers({}, { headers, signal: controller.signal });
      await watch[Symbol.asyncIterator]().next();
      return controller;
    };
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: Code.ResourceExhausted });
    first.abort();
    await expect.poll(() => open().then(() => "open", String)).toBe("open");
  });

  it("applies the limit of each caller, and says which limits it does not apply", async () => {
    await configure("north", {
      limits: {
        caller: { requests: 1, window: "1h" },
        failedAuthentication: { requests: 5, window: "1h" },
      },
    });
    await start();
    await client().getIceServers({}, { headers });
    await expect(client().getIceServers({}, { headers })).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    });
    expect(warnings.join()).toContain("limits.failedAuthentication has no effect");
  });
});

describe("an example", () => {
  let child: ChildProcess;
  afterEach(() => child.stop());

  it.each(["bare", "express", "fastify"])("%s serves IceService", async (name) => {
    child = startProcess({
      name,
      command: process.execPath,
      args: [`${root}examples/library/${name}.mjs`],
      cwd: directory.path,
      env: { ICE_CONFIG: configFile(), PORT: "0" },
    });
    const baseUrl = await child.untilReady(() => /http:\S+/.exec(child.stdout())?.[0]);
    const httpVersion = name === "bare" ? "2" : "1.1";
    const client = createClient(IceService, createConnectTransport({ baseUrl, httpVersion }));
    const { iceServers } = await client.getIceServers({}, { headers });
    expect(iceServers[0]?.urls).toEqual(["stun:north.example.com"]);
    if (name !== "bare") {
      expect(await (await fetch(`${baseUrl}/hello`)).text()).toBe("hello");
    }
  });
});

describe("the types of the package", () => {
  it("are enough for a program that uses it", async () => {
    const run = promisify(execFile);
    await run("npm", ["run", "build:types"], { cwd: root });
    const program = `${root}dist/library-user.mts`;
    await writeFile(
      program,
      [
        'import { type ConnectRouter, createClient } from "@connectrpc/connect";',
        'import { createConnectTransport } from "@connectrpc/connect-node";',
        'import { createIceService } from "ice-service";',
        'import { IceService } from "ice-service/schema";',
        "const { routes, ready } = createIceService({ env: process.env });",
        "export const mount: (router: ConnectRouter) => void = routes;",
        "await ready;",
        'const transport = createConnectTransport({ baseUrl: "http://localhost", httpVersion: "2" });',
        "export const { iceServers } = await createClient(IceService, transport).getIceServers({});",
      ].join("\n"),
    );
    const { stdout } = await run(
      "npx",
      [
        "tsc",
        "--noEmit",
        "--ignoreConfig",
        "--strict",
        "--skipLibCheck",
        "false",
        "--module",
        "nodenext",
        "--types",
        "node",
        program,
      ],
      { cwd: root },
    ).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });
});
