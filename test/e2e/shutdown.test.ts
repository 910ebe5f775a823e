import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "shutdown-test-token";
const settings = {
  files: { "tokens.yaml": connectorTokens({ shutdown: token }) },
  config: {
    auth: { connectorTokensFile: "tokens.yaml" },
    shutdown: { delay: "1s", timeout: "3s" },
  },
};
const body = "{}";
const head = `POST /ice.v1.IceService/GetIceServers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${body.length}\r\n\r\n`;

function collect(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
  });
}

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  it("is not ready at once, finishes what is in flight, and exits with 0", async () => {
    const service = await startIceService(settings);
    const inFlight = connect(service.port, "127.0.0.1");
    const answer = collect(inFlight);
    inFlight.write(head);
    const idle = await fetch(`${service.url}/readyz`);
    expect(idle.status).toBe(200);
    const exitCode = service.stop(signal);
    await expect.poll(async () => (await fetch(`${service.url}/readyz`)).status).toBe(503);
    inFlight.write(body);
    expect(await answer).toMatch(/^HTTP\/1\.1 200/);
    expect(await exitCode).toBe(0);
    await expect(fetch(`${service.url}/readyz`)).rejects.toThrow();
  });

  it("answers a request that is still arriving when no new ones are taken any more", async () => {
    const service = await startIceService(settings);
    const inFlight = connect(service.port, "127.0.0.1");
    const answer = collect(inFlight);
    inFlight.write(head);
    await fetch(`${service.url}/health`);
    const exitCode = service.stop(signal);
    const isOpen = () =>
      fetch(`${service.url}/readyz`).then(
        () => true,
        () => false,
      );
    await expect.poll(isOpen).toBe(false);
    inFlight.write(body);
    // Kept, the connection would hold up the end.
    expect(await answer).toMatch(/^HTTP\/1\.1 200.*connection: close/is);
    expect(await exitCode).toBe(0);
  });

  it("cuts what does not finish in time", async () => {
    const service = await startIceService(settings);
    const stuck = connect(service.port, "127.0.0.1");
    const answer = collect(stuck);
    stuck.write(head);
    await fetch(`${service.url}/health`);
    const startedAtMs = performance.now();
    expect(await service.stop(signal)).toBe(0);
    // A bound on the rule, not a measure of speed: 1 s of delay and 3 s of time-out are configured,
    // and the port grants a request 30 s.
    expect(performance.now() - startedAtMs).toBeLessThan(25_000);
    expect(await answer).toBe("");
  });
});
