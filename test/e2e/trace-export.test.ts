import { copyFile, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fetchOnce } from "../parts/fresh-connection-load.js";
import { startIceService } from "../parts/ice-service.js";
import { type OtlpReceiver, startOtlpReceiver } from "../parts/otlp-receiver.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import {
  authorization,
  eventually,
  lastRequest,
  route,
  sampled,
  settings,
  soon,
  traceId,
  withReceiver,
} from "../parts/traced-service.js";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

describe("without OTEL_* variables", () => {
  it("nothing of OpenTelemetry is loaded: the program runs without the files that have it", async () => {
    const directory = await createTemporaryDirectory("traces");
    const program = join(directory.path, "dist/main.js");
    const files = (await readdir(dist)).filter((file) => file.endsWith(".js"));
    await mkdir(join(directory.path, "dist"));
    await symlink(join(dist, "../node_modules"), join(directory.path, "node_modules"));
    await directory.write("package.json", '{"type":"module"}');
    const withTracing: string[] = [];
    for (const file of files) {
      if ((await readFile(join(dist, file), "utf8")).includes("@opentelemetry/")) {
        withTracing.push(file);
      } else {
        await copyFile(join(dist, file), join(directory.path, "dist", file));
      }
    }
    expect(withTracing).toContain("tracing.js");
    try {
      const service = await startIceService({ ...settings, program });
      const response = await fetch(service.url + route, { headers: { authorization } });
      expect(response.status).toBe(200);
      expect(await service.stop()).toBe(0);
      expect(lastRequest(service)).not.toHaveProperty("traceId");
      const env = { OTEL_TRACES_EXPORTER: "otlp" };
      await expect(startIceService({ ...settings, program, env })).rejects.toThrow(/tracing\.js/);
    } finally {
      await directory.remove();
    }
  });
});

describe("OTEL_* variables", () => {
  it.each<[string, Record<string, string>]>([
    ["OTEL_SDK_DISABLED=true", { OTEL_SDK_DISABLED: "true" }],
    ["OTEL_TRACES_EXPORTER=none", { OTEL_TRACES_EXPORTER: "none" }],
    ["OTEL_TRACES_SAMPLER=always_off", { OTEL_TRACES_SAMPLER: "always_off" }],
    [
      "a ratio of 0",
      { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
    ],
  ])("%s: nothing is exported", async (_, env) => {
    await withReceiver(env, async (service, receiver) => {
      await fetch(service.url + route, { headers: { authorization } });
      expect(await service.stop()).toBe(0);
      expect(receiver.exports).toEqual([]);
      expect(lastRequest(service)).toMatchObject({ status: 200 });
      expect(lastRequest(service)).not.toHaveProperty("traceId");
    });
  });

  it("OTEL_PROPAGATORS=none: callers have no say in it", async () => {
    await withReceiver({ OTEL_PROPAGATORS: "none" }, async (service, receiver) => {
      await fetch(service.url + route, { headers: { authorization, traceparent: sampled } });
      await eventually(() => receiver.spans().length).toBe(1);
      expect(receiver.spans()[0]?.traceId).not.toBe(traceId);
    });
  });

  it("what is wrong with them is told in the log, without user information", async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http//user:collector-password@nowhere",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_TRACES_SAMPLER: "sometimes",
    };
    await withReceiver(env, async (service) => {
      const warnings = service.logs().filter(({ level }) => level === "warn");
      expect(JSON.stringify(warnings)).toContain("grpc");
      expect(JSON.stringify(warnings)).toContain("sometimes");
      expect(service.stderr()).not.toContain("collector-password");
      expect(service.stderr()).not.toContain("test-collector-key");
    });
  });
});

describe("a collector that is down", () => {
  const failure = "spans cannot be exported";

  it("is told of in the log once, and harms no call; when it is back, spans go there again", async () => {
    const receiver = await startOtlpReceiver();
    receiver.answer(400);
    const service = await startIceService({
      ...settings,
      env: { ...soon, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    });
    const call = () => fetch(service.url + route, { headers: { authorization } });
    try {
      for (let count = 1; count <= 3; count++) {
        expect((await call()).status).toBe(200);
        await eventually(() => receiver.exports.length).toBe(count);
      }
      await eventually(() => service.logs().filter(({ msg }) => msg === failure).length).toBe(1);
      receiver.answer(200);
      await call();
      await eventually(() => receiver.spans().length).toBe(1);
      await eventually(() => service.logs().map(({ msg }) => msg)).toContain(
        "spans can be exported again",
      );
      expect(service.logs().filter(({ msg }) => msg === failure)).toEqual([
        expect.objectContaining({ level: "warn", problem: expect.stringContaining("400") }),
      ]);
    } finally {
      await service.stop();
      await receiver.stop();
    }
  });

  it.each([
    ["does not answer", async (receiver: OtlpReceiver) => receiver.answer(0)],
    ["is gone", (receiver: OtlpReceiver) => receiver.stop()],
    ["asks to come later", async (receiver: OtlpReceiver) => receiver.answer(503)],
  ])("holds up no stop when it %s", async (_, breakReceiver) => {
    const receiver = await startOtlpReceiver();
    await breakReceiver(receiver);
    const service = await startIceService({
      ...settings,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_TIMEOUT: "60000" },
    });
    await fetch(service.url + route, { headers: { authorization } });
    const startedAtMs = performance.now();
    expect(await service.stop()).toBe(0);
    // A bound on the rule, not a measure of speed: 3 s of time-out are configured, an export has 60.
    expect(performance.now() - startedAtMs).toBeLessThan(30_000);
    expect(service.logs().map(({ msg }) => msg)).toContain(failure);
    await receiver.stop();
  });
});

describe("a collector that does not answer", () => {
  it("holds up no worker's stop", async () => {
    await withReceiver(
      {},
      async (service, receiver) => {
        receiver.answer(0);
        await fetch(service.url + route, { headers: { authorization } });
        // 1 would tell of a worker that had to be killed.
        expect(await service.stop()).toBe(0);
        expect(service.logs().map(({ msg }) => msg)).not.toContain(
          "worker did not stop and is killed",
        );
      },
      { args: ["--workers", "2"] },
    );
  });
});

describe("SIGTERM", () => {
  it("sends the last spans before the process ends", async () => {
    await withReceiver({ OTEL_BSP_SCHEDULE_DELAY: "600000" }, async (service, receiver) => {
      await fetch(service.url + route, { headers: { authorization } });
      expect(receiver.exports).toEqual([]);
      expect(await service.stop()).toBe(0);
      expect(receiver.spans().map(({ name }) => name)).toEqual([`GET ${route}`]);
    });
  });

  it("sends those of each worker", async () => {
    const env = { OTEL_BSP_SCHEDULE_DELAY: "600000" };
    await withReceiver(
      env,
      async (service, receiver) => {
        const pids = () =>
          new Set(service.logs().flatMap(({ msg, pid }) => (msg === "request" ? [pid] : [])));
        let calls = 0;
        await eventually(async () => {
          calls += 1;
          await fetchOnce(service.url + route, { authorization });
          return pids().size;
        }).toBe(2);
        expect(await service.stop()).toBe(0);
        expect(receiver.spans()).toHaveLength(calls);
        const instances = receiver.spans().map(({ resource }) => resource["service.instance.id"]);
        expect(new Set(instances).size).toBe(2);
      },
      { args: ["--workers", "2"] },
    );
  });
});
