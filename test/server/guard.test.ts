import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { Code } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { DiskFiles } from "../../src/files/disk-files.js";
import { findSocketAddress } from "../../src/http/client-address.js";
import { Guard } from "../../src/http/guard.js";
import type { ExchangeListener, HttpExchange } from "../../src/http/http-exchange.js";
import { httpLimits } from "../../src/http/http-limits.js";
import { readBody } from "../../src/http/request-body.js";
import { RequestCounts } from "../../src/observability/request-counts.js";
import type { RequestEntry } from "../../src/observability/request-log.js";
import { Readiness } from "../../src/readiness.js";
import { openPort, type PortListener } from "../../src/server/port-listener.js";
import { createRequestListener } from "../../src/server/request-listener.js";

const boom = new Error("boom");
const fail = () => {
  throw boom;
};

let port: PortListener;
let logged: unknown[];
let guard: Guard;
const faults = () => guard.describe()[0]?.values[0]?.value;

async function serve(listener: ExchangeListener): Promise<void> {
  logged = [];
  guard = new Guard({ error: (entry: object) => void logged.push(entry) });
  port = await openPort(
    { host: "127.0.0.1", port: 0, maxConnections: 100 },
    {
      files: new DiskFiles(),
      limits: httpLimits,
      guard,
      listener: (exchange) => (exchange.target === "/good" ? answer(exchange) : listener(exchange)),
      malformedRequestListener: fail,
      brokenSessionListener: fail,
    },
  );
}
afterEach(() => port.close({ timeoutMs: 0 }));

const answer = (exchange: HttpExchange) =>
  exchange.send({ status: 200, headers: {}, body: "good" });

async function ask(path: string, version: 1 | 2, body = ""): Promise<number | undefined> {
  const method = body === "" ? "GET" : "POST";
  if (version === 1) {
    const response = await fetch(`${port.url}${path}`, { method, ...(body && { body }) }).catch(
      () => undefined,
    );
    await response?.text();
    return response?.status;
  }
  const session = connectHttp2(port.url);
  try {
    const stream = session.request({ ":path": path, ":method": method });
    stream.on("error", () => {});
    if (method === "POST") {
      stream.end(body);
    }
    const closed = new Promise<undefined>((done) => stream.once("close", () => done(undefined)));
    const first = await Promise.race([once(stream, "response"), closed]);
    stream.resume();
    await closed;
    // The connection lives on: another call on it is served.
    const next = session.request({ ":path": "/good" });
    expect(await text(next)).toBe("good");
    return first?.[0][":status"];
  } finally {
    session.destroy();
  }
}

/** Writes, and waits until the server closes. */
async function sendRaw(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(port.url).port), "127.0.0.1");
  socket.on("error", () => {}).write(bytes, "latin1");
  return text(socket);
}

describe.each([1, 2] as const)("over HTTP/%i, a throw", (version) => {
  const throwers: Record<string, ExchangeListener> = {
    "as the request arrives": fail,
    "as the body arrives": (exchange) => {
      exchange.body.on("data", exchange.guard(fail));
    },
    "as the body ends": (exchange) => {
      exchange.body.resume().on("end", exchange.guard(fail));
    },
    "once the body has been read": (exchange) => readBody(exchange, 100, fail),
    "at a body that is too large": (exchange) => readBody(exchange, 0, fail),
    "in a timer": (exchange) => {
      setImmediate(exchange.guard(fail));
    },
    "in a promise chain": (exchange) => {
      Promise.reject(boom).catch(exchange.guard(fail));
    },
    "after the answer has begun": (exchange) => {
      exchange.start(200, { "content-length": "9" }, false);
      setImmediate(exchange.guard(fail));
    },
  };
  it.each(Object.keys(throwers))("%s ends that exchange only", async (name) => {
    await serve(throwers[name] ?? fail);
    await ask("/bad", version, "some body");
    expect(await ask("/good", version)).toBe(200);
    expect(logged).toEqual([{ err: boom }]);
    expect(faults()).toBe(1);
  });

  it("as the client goes away is logged and counted", async () => {
    let arrived = 0;
    await serve((exchange) => {
      exchange.onGone(fail);
      arrived += 1;
    });
    const session = connectHttp2(port.url);
    session.on("error", () => {});
    const controller = new AbortController();
    const asked =
      version === 1
        ? fetch(`${port.url}/bad`, { signal: controller.signal })
        : once(session.request({ ":path": "/bad" }, { signal: controller.signal }), "response");
    await expect.poll(() => arrived).toBe(1);
    controller.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(faults).toBe(1);
    session.destroy();
    expect(logged).toEqual([{ err: boom }]);
    expect(await ask("/good", version)).toBe(200);
  });
});

describe("a throw", () => {
  it("in the answer to a malformed request ends that connection", async () => {
    await serve(fail);
    expect(await sendRaw("nonsense\r\n\r\n")).toBe("");
    expect(faults()).toBe(1);
  });

  it("in the listener of a broken HTTP/2 connection ends nothing else", async () => {
    await serve(fail);
    await sendRaw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\x01\0\0\0\0\0\0\0\x00\0\0\0\0\x01");
    await expect.poll(faults).toBe(1);
    expect(await ask("/good", 2)).toBe(200);
  });

  it("in the log is survived", async () => {
    const noisy = new Guard({ error: fail });
    noisy.wrap(fail, fail)();
    expect(noisy.describe()).toMatchObject([{ values: [{ value: 1 }] }]);
  });
});

describe("the request listener", () => {
  const lines: [level: string, entry: RequestEntry][] = [];
  const serveRequests = () => {
    lines.length = 0;
    const readiness = new Readiness();
    const listener = createRequestListener({
      router: Object.assign((path: string) => (path.includes("ice.v1") ? fail() : undefined), {
        restPaths: [],
      }),
      readiness,
      allowedOrigins: ["*"],
      requestLog: (level, entry) => void lines.push([level, entry]),
      requestCounts: new RequestCounts(),
      maxHeaderBytes: httpLimits.maxHeaderBytes,
      findClientAddress: findSocketAddress,
    });
    return serve(listener);
  };

  it("answers 500, with one line in the log that has the error", async () => {
    await serveRequests();
    const response = await fetch(`${port.url}/ice.v1`, {
      headers: { origin: "https://a.example" },
    });
    expect(response.status).toBe(500);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await response.json()).toMatchObject({ code: "internal" });
    expect(lines).toMatchObject([["error", { code: "internal", status: 500, cause: boom }]]);
    expect(logged).toEqual([]);
    expect(faults()).toBe(1);
  });

  it("answers a gRPC call with INTERNAL", async () => {
    await serveRequests();
    const session = connectHttp2(port.url);
    const stream = session.request({
      ":path": "/ice.v1",
      ":method": "POST",
      "content-type": "application/grpc",
    });
    stream.end();
    const [headers] = await once(stream, "response");
    expect(headers).toMatchObject({ ":status": 200, "grpc-status": String(Code.Internal) });
    session.destroy();
    expect(lines).toMatchObject([["error", { code: "internal", cause: boom }]]);
  });
});

describe("the sources of the server", () => {
  const directory = resolve(import.meta.dirname, "../../src");
  const sources = ["http", "call", "protocols", "services", "server"]
    .flatMap((layer) =>
      readdirSync(join(directory, layer), { recursive: true, encoding: "utf8" }).map((file) =>
        join(layer, file),
      ),
    )
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [file, readFileSync(join(directory, file), "utf8")] as const);

  /** Everything that is not itself the product of a guard. */
  function findUnguarded(source: string): string[] {
    const guarded = new Set(
      [...source.matchAll(/(?:const|let) (\w+) = (?:\w+\.)*#?guard(?:\.wrap)?\(/g)].map(
        ([, name]) => name,
      ),
    );
    const calls = [
      ...source.matchAll(
        /(?:\.(?:on|once|addListener|prependListener|prependOnceListener|addEventListener)\(\s*[\w"]+,|(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\(|nextTick\(|\.catch\()\s*(\w+(?:\.#?\w+)*)?/g,
      ),
    ];
    return calls
      .filter(
        ([, listener = ""]) => !guarded.has(listener) && !/(^|\.)#?guard(\.wrap)?$/.test(listener),
      )
      .map(([call]) => call);
  }

  it("let Node call nothing without the guard", () => {
    const found = sources.flatMap(([file, source]) =>
      findUnguarded(source).map((call) => `${file}: ${call}`),
    );
    expect(found).toEqual([]);
  });

  it("leave no promise without an end", () => {
    const found = sources.filter(([, source]) => /^\s*void \w/m.test(source));
    expect(found.map(([file]) => file)).toEqual([]);
  });
});
