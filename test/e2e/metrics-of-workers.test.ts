import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { childPids } from "../parts/child-process.js";
import { fetchOnce } from "../parts/fresh-connection-load.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { runPromtool, scrape } from "../parts/metrics.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "worker-metrics-token";
const headers = { authorization: `Bearer ${token}` };
const route = "/api/v1/ice-servers";

let service: IceService;
beforeEach(async () => {
  service = await startIceService({
    args: ["--workers", "2"],
    files: { "tokens.yaml": connectorTokens({ workers: token }) },
    config: {
      admin: { port: 0 },
      auth: { connectorTokensFile: "tokens.yaml" },
      shutdown: { delay: "0s", timeout: "1s" },
    },
  });
});
afterEach(() => service.stop());

/** Each by a connection of its own, which the workers get in turn. */
async function request(count: number): Promise<void> {
  for (let done = 0; done < count; done++) {
    expect(await fetchOnce(service.url + route, headers)).toBe("200");
  }
}
const countRequests = async () =>
  (await scrape(service)).value("ice_requests_total", { protocol: "rest", code: "ok" });
const countWorkers = async (state: string) =>
  (await scrape(service)).value("ice_workers", { state });
/** Other processes are waited for, on a machine that may be busy. */
const eventually = <T>(probe: () => T) => expect.poll(probe);

describe("GET /metrics of serve --workers 2", () => {
  it("is the sum over the workers, with the primary's own", async () => {
    await request(6);
    const { text, value } = await scrape(service);
    const served = new Set(
      service.logs().flatMap(({ msg, pid }) => (msg === "request" ? [pid] : [])),
    );
    expect(served.size).toBe(2);
    expect(value("ice_requests_total")).toBe(6);
    expect(value("ice_request_duration_seconds_count")).toBe(6);
    expect(value("ice_tokens_accepted_total", { kind: "connector" })).toBe(6);
    expect(value("ice_workers", { state: "answering" })).toBe(2);
    expect(value("ice_workers", { state: "late" })).toBe(0);
    expect(value("ice_build_info")).toBe(1);
    expect(value("ice_config_last_reload_successful")).toBe(1);
    // Three processes, of some 70 MB each.
    expect(value("process_resident_memory_bytes")).toBeGreaterThan(120e6);
    expect(await runPromtool(["check", "metrics"], text)).toEqual({ exitCode: 0, output: "" });
  });

  it("does not go down when a worker is replaced", async () => {
    await request(6);
    expect(await countRequests()).toBe(6);
    const [first = -1] = childPids(service.pid);
    process.kill(first, "SIGKILL");
    await eventually(() => service.logs().map(({ msg }) => msg)).toContain("worker replaced");
    expect(await countRequests()).toBe(6);
    await request(2);
    expect(await countRequests()).toBe(8);
    await eventually(() => countWorkers("answering")).toBe(2);
  });

  it("does without the answer of a worker that is stuck, and keeps what it told before", async () => {
    await request(6);
    expect(await countRequests()).toBe(6);
    const [first = -1] = childPids(service.pid);
    process.kill(first, "SIGSTOP");
    try {
      const stuck = await scrape(service);
      expect(stuck.value("ice_workers", { state: "late" })).toBe(1);
      expect(stuck.value("ice_requests_total")).toBe(6);
    } finally {
      process.kill(first, "SIGCONT");
    }
    await eventually(() => countWorkers("late")).toBe(0);
  });

  it("serves the primary's probes", async () => {
    expect((await fetch(`${service.adminUrl}/readyz`)).status).toBe(200);
    expect((await fetch(`${service.adminUrl}/healthz`)).status).toBe(200);
  });
});
