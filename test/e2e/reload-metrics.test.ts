import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

describe.each([{ args: [] }, { args: ["--workers", "2"] }])("serve $args", ({ args }) => {
  let directory: TemporaryDirectory;
  let service: IceService;
  beforeAll(async () => {
    directory = await createTemporaryDirectory("reload-metrics");
    const file = await directory.write("tokens.yaml", connectorTokens({ a: "first-token" }));
    service = await startIceService({
      args,
      config: {
        admin: { port: 0 },
        auth: { connectorTokensFile: file },
        shutdown: { delay: "0s", timeout: "1s" },
      },
    });
  });
  afterAll(async () => {
    await service.stop();
    await directory.remove();
  });

  const read = async () => {
    const { value } = await scrape(service);
    return {
      success: value("ice_config_reloads_total", { result: "success" }),
      failure: value("ice_config_reloads_total", { result: "failure" }),
      lastSucceeded: value("ice_config_last_reload_successful"),
      lastSuccessAt: value("ice_config_last_reload_success_timestamp_seconds") ?? Number.NaN,
    };
  };
  const eventually = () => expect.poll(read, { interval: 200 });

  it("tells how reloads of the configuration went", async () => {
    const { lastSuccessAt: startedAt, ...start } = await read();
    expect(start).toEqual({ success: 0, failure: 0, lastSucceeded: 1 });

    await directory.write("tokens.yaml", "tokens: nonsense");
    await eventually().toEqual({
      success: 0,
      failure: 1,
      lastSucceeded: 0,
      lastSuccessAt: startedAt,
    });

    await directory.write("tokens.yaml", connectorTokens({ a: "second-token" }));
    await eventually().toMatchObject({ success: 1, failure: 1, lastSucceeded: 1 });
    expect((await read()).lastSuccessAt).toBeGreaterThan(startedAt);
  });
});
