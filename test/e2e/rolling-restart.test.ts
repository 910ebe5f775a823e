import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { Agent, request as sendHttp1 } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { startDocumentedProxy } from "../parts/documented-proxies.js";
import { findFreePort } from "../parts/free-port.js";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import type { ProxyName } from "../parts/proxy-programs.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "restart-test-token";
const authorization = `Bearer ${token}`;
const restPath = "/api/v1/ice-servers";
const rpcPath = "/ice.v1.IceService/GetIceServers";
/** Callers at once, each with a pause between its calls: enough to meet every moment of a stop. */
const callers = 6;
const pauseMs = 10;
const callTimeoutMs = 30_000;

interface Load {
  /** Methods and protocols of its calls, as an instance logs them. */
  readonly kinds: readonly string[];
  answered(): number;
  /** Ends the load; returns what went wrong. */
  stop(): Promise<readonly string[]>;
}

/** Makes a call again and again; a call that rejects is lost. */
function startLoad(kinds: readonly string[], call: (index: number) => Promise<unknown>): Load {
  let answered = 0;
  let isOver = false;
  const lost: string[] = [];
  async function run(): Promise<void> {
    for (let index = 0; !isOver; index++) {
      try {
        await call(index);
        answered += 1;
      } catch (error) {
        lost.push(String(error));
      }
      await sleep(Math.random() * pauseMs);
    }
  }
  const runs = Promise.all(Array.from({ length: callers }, run));
  return {
    kinds,
    answered: () => answered,
    async stop() {
      isOver = true;
      await runs;
      return lost;
    },
  };
}

/** GET of REST and POST of Connect in turn, over connections that are kept. */
function startHttp1Load(port: number, ca: Buffer): Load & { close(): void } {
  const agent = new Agent({ keepAlive: true, ca });
  const load = startLoad(
    ["GET rest", "POST connect"],
    (index) =>
      new Promise<void>((resolve, reject) => {
        const isPost = index % 2 === 1;
        const sent = sendHttp1(
          {
            port,
            host: "localhost",
            family: 4,
            agent,
            method: isPost ? "POST" : "GET",
            path: isPost ? rpcPath : restPath,
            headers: { authorization, ...(isPost && { "content-type": "application/json" }) },
          },
          (response) => {
            response.resume();
            response.once("error", reject);
            response.once("end", () =>
              response.statusCode === 200
                ? resolve()
                : reject(new Error(`${isPost ? "POST" : "GET"}: ${response.statusCode}`)),
            );
          },
        );
        sent.setTimeout(callTimeoutMs, () => sent.destroy(new Error("no answer")));
        sent.once("error", reject);
        sent.end(isPost ? "{}" : undefined);
      }),
  );
  return { ...load, close: () => agent.destroy() };
}

function startGrpcLoad(port: number, ca: Buffer): Load & { close(): Promise<void> } {
  const client = createGrpcJsClient(`localhost:${port}`, credentials.createSsl(ca));
  const load = startLoad(["POST grpc"], () => client.getIceServers({ token }));
  return { ...load, close: () => client.stop() };
}

/** GET of Connect over one HTTP/2 connection. */
function startHttp2Load(port: number, ca: Buffer): Load & { close(): void } {
  const session = connectHttp2(`https://localhost:${port}`, { ca });
  session.on("error", () => {});
  const path = `${rpcPath}?connect=v1&encoding=json&message=%7B%7D`;
  const load = startLoad(
    ["GET connect"],
    () =>
      new Promise<void>((resolve, reject) => {
        const stream = session.request({ ":path": path, authorization });
        let status: number | undefined;
        stream.on("response", (headers) => {
          status = headers[":status"];
        });
        stream.setTimeout(callTimeoutMs, () => stream.destroy(new Error("no answer")));
        stream.once("error", reject);
        stream.once("end", () =>
          status === 200 ? resolve() : reject(new Error(`HTTP/2: ${status}`)),
        );
        stream.resume();
      }),
  );
  return { ...load, close: () => session.destroy() };
}

/** The proxy has noticed that an instance is there once calls of every kind reach it. */
async function untilCalled(instance: IceService, loads: readonly Load[]): Promise<void> {
  const kinds = loads.flatMap((load) => load.kinds);
  await expect
    .poll(
      () => {
        const seen = new Set(
          instance.logs().map((line) => `${line["method"]} ${line["protocol"]}`),
        );
        return kinds.filter((kind) => !seen.has(kind));
      },
      { interval: 250 },
    )
    .toEqual([]);
}

/** What a proxy has written, without the lines about answers with 200. */
const readTroubles = (output: string): readonly string[] =>
  output.split("\n").filter((line) => !/ 200 |"status":200,/.test(line));

const startInstance = (port: number, args: readonly string[]) =>
  startIceService({
    args,
    files: { "tokens.yaml": connectorTokens({ restart: token }) },
    config: { listen: { port }, auth: { connectorTokensFile: "tokens.yaml" } },
  });

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await createCertificate();
});
afterAll(() => certificate.stop());

describe.each<[string, readonly string[]]>([
  ["instances of one process", []],
  ["instances with --workers 2", ["--workers", "2"]],
])("A rolling restart of two %s", (_, args) => {
  const cleanUps: (() => Promise<unknown> | unknown)[] = [];
  afterAll(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) {
      await cleanUp();
    }
  });

  it.each<[ProxyName, string]>([
    ["nginx", "gRPC"],
    ["HAProxy", "gRPC"],
    ["Caddy", "gRPC"],
    ["Apache httpd", "HTTP/2"],
  ])(
    "behind %s loses no request over HTTP/1.1 and %s",
    async (name, http2) => {
      const ports = [await findFreePort(), await findFreePort()] as const;
      const instances: IceService[] = [];
      for (const port of ports) {
        instances.push(await startInstance(port, args));
      }
      cleanUps.push(() => Promise.all(instances.map(({ stop }) => stop("SIGKILL"))));
      const proxy = await startDocumentedProxy(name, { upstreamPorts: ports, certificate });
      cleanUps.push(proxy.stop);
      const ca = readFileSync(certificate.caFile);
      const startSecond = http2 === "gRPC" ? startGrpcLoad : startHttp2Load;
      const loads = [startHttp1Load(proxy.port, ca), startSecond(proxy.port, ca)];
      cleanUps.push(() => Promise.all(loads.map((load) => load.close())));
      for (const instance of instances) {
        await untilCalled(instance, loads);
      }
      for (const [index, port] of ports.entries()) {
        expect(await instances[index]?.stop()).toBe(0);
        const restarted = await startInstance(port, args);
        instances[index] = restarted;
        await untilCalled(restarted, loads);
      }
      const lost = await Promise.all(loads.map((load) => load.stop()));
      const answered = loads.map((load) => load.answered());
      expect({
        lost,
        troubles: lost.flat().length > 0 ? readTroubles(proxy.output()) : [],
      }).toEqual({
        lost: [[], []],
        troubles: [],
      });
      for (const count of answered) {
        expect(count).toBeGreaterThan(50);
      }
    },
    120_000,
  );
});
