import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scrape } from "../parts/metrics.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../parts/reconfigurable-service.js";
import { connectorTokens } from "../parts/tokens.js";

describe.each([{ args: [] }, { args: ["--workers", "2"] }])("serve $args", ({ args }) => {
  let running: ReconfigurableService;
  beforeAll(async () => {
    running = await startReconfigurableService(
      { admin: { port: 0 }, auth: { connectorTokensFile: "tokens.yaml" } },
      { "tokens.yaml": connectorTokens({ a: "first-token" }) },
      { args },
    );
  });
  afterAll(() => running.stop());

  const read = async () => {
    const { value } = await scrape(running.service);
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

    await running.write("tokens.yaml", "tokens: nonsense");
    await eventually().toEqual({
      success: 0,
      failure: 1,
      lastSucceeded: 0,
      lastSuccessAt: startedAt,
    });

    await running.write("tokens.yaml", connectorTokens({ a: "second-token" }));
    await eventually().toMatchObject({ success: 1, failure: 1, lastSucceeded: 1 });
    expect((await read()).lastSuccessAt).toBeGreaterThan(startedAt);
  });
});
