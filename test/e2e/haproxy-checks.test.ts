import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HealthCheck, runHaproxyChecks } from "../parts/haproxy-checks.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

let service: IceService;
beforeAll(async () => {
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ checks: "haproxy-checks-token" }) },
    config: { admin: { port: 0 }, auth: { connectorTokensFile: "tokens.yaml" } },
  });
});
afterAll(() => service.stop());

/** What people write, and what HAProxy says of it. */
const cases: readonly [lines: string[], server: string, result: unknown][] = [
  // By default it sends `OPTIONS / HTTP/1.0` without Host: haproxy/haproxy#2330, standardnotes/server#1038.
  [["option httpchk"], "", "UP L7OK 204"],
  [["option httpchk /healthz"], "", "UP L7OK 204"],
  [["option httpchk OPTIONS /api/v1/ice-servers"], "", "UP L7OK 204"],
  [["option httpchk OPTIONS * HTTP/1.1\\r\\nHost:\\ www"], "", "UP L7OK 204"],
  [["option httpchk", "http-check expect status 200-299"], "", "UP L7OK 204"],
  [["option httpchk HEAD /"], "", "DOWN L7STS 404"],
  [["option httpchk HEAD /readyz"], "", "UP L7OK 200"],
  [["option httpchk GET /readyz HTTP/1.0"], "", "UP L7OK 200"],
  [["option httpchk GET /readyz", "http-check expect string ready"], "", "UP L7OK 200"],
  [["option httpchk", "http-check send meth OPTIONS hdr Host a ver HTTP/1.1"], "", "UP L7OK 204"],
  [
    ["option httpchk", "http-check send meth OPTIONS uri / ver HTTP/2 hdr Host a"],
    "proto h2",
    "UP L7OK 204",
  ],
  [
    ["option httpchk", "http-check send meth GET uri /readyz ver HTTP/2 hdr Host a"],
    "check-proto h2",
    "UP L7OK 200",
  ],
  // RFC 9112 section 3.2 demands a Host of HTTP/1.1, and RFC 9113 section 8.3.1 an authority of HTTP/2.
  [["option httpchk OPTIONS / HTTP/1.1"], "", "DOWN L7STS 400"],
  // HAProxy does not always notice that its stream was reset.
  [["option httpchk"], "proto h2", expect.stringMatching(/^DOWN (?:SOCKERR|L7TOUT)$/)],
  [["option httpchk OPTIONS /nowhere"], "", "DOWN L7STS 404"],
];

describe("HAProxy's health checks", () => {
  it("find the service up", async () => {
    const ports = [service.port, Number(new URL(service.adminUrl ?? "").port)];
    const checks = cases.map(
      ([lines, server]): HealthCheck => ({ port: service.port, lines, server }),
    );
    const ofAdmin = ports.map((port): HealthCheck => ({ port, lines: ["option httpchk"] }));
    expect(await runHaproxyChecks([...checks, ...ofAdmin])).toEqual([
      ...cases.map(([, , result]) => result),
      "UP L7OK 204",
      "UP L7OK 204",
    ]);
  });
});
