import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readProxyBlocks } from "../parts/documented-proxies.js";
import { buildTimeoutMs, buildTypeDecoder, type TypeDecoder } from "./type-decoder.js";

const [bootstrap = ""] = readProxyBlocks("Envoy", "yaml");

let types: TypeDecoder;
beforeAll(async () => {
  types = await buildTypeDecoder("envoy-types");
}, buildTimeoutMs);
afterAll(() => types?.remove());

describe("the bootstrap of Envoy in docs/proxies.md", () => {
  it("has the fields of Envoy's types, and values that they allow", async () => {
    expect(await types.decode(bootstrap)).toBe("ice");
  });

  it.each([
    ["a field that is misspelled", "lb_policy", "lb_polcy", "lb_polcy"],
    ["one inside of an extension", "use_remote_address", "use_remote_adress", "use_remote_adress"],
    ["a value that is not allowed", "connect_timeout: 1s", "connect_timeout: 0s", "ConnectTimeout"],
    ["one inside of an extension", "stat_prefix: ice", 'stat_prefix: ""', "StatPrefix"],
    ["an extension that does not exist", "PreviousHostsPredicate", "OtherPredicate", "resolve"],
  ])("would not have %s: %s", async (_, good, bad, message) => {
    expect(bootstrap).toContain(good);
    await expect(types.decode(bootstrap.replace(good, bad))).rejects.toThrow(message);
  });
});
