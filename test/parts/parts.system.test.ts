import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCallPage } from "./call-page.js";
import { createCertificate, type TestCertificate } from "./certificate.js";
import { isRunning, startProcess } from "./child-process.js";
import { startCoturn } from "./coturn.js";
import { findFreePort } from "./free-port.js";
import { startNginx } from "./nginx.js";
import { generatePythonClient } from "./python-grpc.js";
import { secondsFromNow } from "./real-time.js";
import { createTemporaryDirectory } from "./temporary-directory.js";
import { allocateRelay } from "./turn-allocation.js";

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await createCertificate();
});
afterAll(() => certificate.stop());

describe("startProcess", () => {
  const node = (script: string) =>
    startProcess({ name: "script", command: process.execPath, args: ["-e", script], cwd: "/tmp" });

  it("tells the output of a program that ends before it is ready", async () => {
    const child = node("console.error('no such key'); process.exit(2)");
    await expect(child.untilReady(() => undefined)).rejects.toThrow(
      /script ended with 2\. Its output:\nno such key/,
    );
  });

  it("tells that a program is missing", async () => {
    const child = startProcess({ name: "x", command: "no-such-program", args: [], cwd: "/tmp" });
    await expect(child.untilReady(() => undefined)).rejects.toThrow(
      /x ended with 127\. Its output:\n.*no-such-program/,
    );
    await child.stop();
  });

  it("stops by signal and returns the exit code", async () => {
    const child = node(
      "process.on('SIGINT', () => process.exit(7)); process.stdout.write('up'); setInterval(() => {}, 1000)",
    );
    await child.untilReady(() => child.stdout().includes("up") || undefined);
    expect(await child.stop("SIGINT")).toBe(7);
  });

  let left: number[] = [];
  it("may be left behind by a test, with what it has started", async () => {
    const script =
      "const { pid } = require('node:child_process').spawn('sleep', ['600']); console.log(pid)";
    const child = node(script);
    const grandchild = await child.untilReady(() => Number(child.stdout()) || undefined);
    left = [child.pid, grandchild];
    expect(left.map(isRunning)).toEqual([true, true]);
  });

  it("is then gone before the next test", async () => {
    expect(left).toHaveLength(2);
    await expect.poll(() => left.map(isRunning)).toEqual([false, false]);
  });

  it("hands nothing of our environment on but the path", async () => {
    const child = node("process.stdout.write(Object.keys(process.env).sort().join() + '\\n')");
    await child.stop("SIGCONT");
    expect(child.stdout()).toBe("HOME,PATH\n");
  });
});

describe("allocateRelay", () => {
  // A credential from node:crypto alone, so that this says nothing of our own code.
  const secret = "north";
  const username = `${secondsFromNow(600)}:tester`;
  const credential = createHmac("sha1", secret).update(username).digest("base64");

  it("tells an allocation from a refusal over each transport", async () => {
    const coturn = await startCoturn({ secrets: [secret], tls: certificate });
    try {
      for (const transport of ["udp", "tcp", "tls"] as const) {
        const port = transport === "tls" ? coturn.tlsPort : coturn.port;
        const target = { port, transport, username, caFile: certificate.caFile };
        expect(await allocateRelay({ ...target, credential })).toMatchObject({
          allocated: true,
          lifetimeSeconds: 600,
        });
        expect(await allocateRelay({ ...target, credential: "wrong" })).toEqual({
          allocated: false,
          errorCode: 401,
        });
      }
    } finally {
      await coturn.stop();
    }
  });

  it("throws within 5 s when no server is there", async () => {
    const port = await findFreePort();
    const call = allocateRelay({ port, transport: "udp", username, credential });
    await expect(call).rejects.toThrow(/python ended/);
  });
});

describe("startNginx", () => {
  it.each([
    ["in the clear", false],
    ["with TLS", true],
  ])("stands in front of a server, %s", async (_, tls) => {
    const upstream = createServer((request, response) => response.end(request.url));
    const upstreamPort = await findFreePort();
    upstream.listen(upstreamPort, "127.0.0.1");
    const nginx = await startNginx({ upstreamPort, ...(tls && { certificate }) });
    const python = await generatePythonClient();
    try {
      const directory = await createTemporaryDirectory("curl");
      const curl = startProcess({
        name: "curl",
        command: "curl",
        args: ["-sS", "--cacert", certificate.caFile, `${nginx.restUrl}/path?query=+`],
        cwd: directory.path,
      });
      expect(await curl.stop("SIGCONT")).toBe(0);
      expect(curl.stdout()).toBe("/path?query=+");
      await directory.remove();
      // The upstream knows no HTTP/2: that nginx says so proves that the call went through it.
      const { caFile } = certificate;
      const call = { target: nginx.grpcTarget, ...(tls && { caFile }) };
      expect(await python.getIceServers(call)).toMatchObject({ error: { code: "UNAVAILABLE" } });
      await expect.poll(nginx.output).toMatch(/upstream.*grpc:/s);
    } finally {
      await python.stop();
      await nginx.stop();
      upstream.close();
    }
  });
});

describe("openCallPage", () => {
  it("runs RTCPeerConnection in a page", async () => {
    const callPage = await openCallPage();
    try {
      expect(await callPage.call("tryIceServers", [{ urls: "stun:127.0.0.1" }])).toBe("accepted");
      expect(await callPage.call("tryIceServers", [{ urls: "stun://x" }])).toBe("SyntaxError");
    } finally {
      await callPage.stop();
    }
  });
});
