import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { findRestartKeys, loadConfig } from "../../src/service-config.js";
import { problemsOf } from "../config-problems.js";
import { MemoryFiles } from "../parts/memory-files.js";

/** Enough to have no warning for lack of servers or callers. */
const rest = {
  auth: { connectorTokensFile: "tokens.yaml" },
  ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
};
const dev = { secret: createSecretKey("made-for-this-run", "utf8") };

function load(content: object, env: Record<string, string> = {}, inDev = false) {
  const files = new MemoryFiles({
    "ice.yaml": stringify({ ...rest, ...content }),
    "turn.secret": "north-north-north-north",
  });
  return loadConfig({ file: "/ice.yaml", env, files, ...(inDev && { dev }) });
}

const local = { host: "127.0.0.1", port: 9090, isDefault: false };

describe("the admin section", () => {
  it.each<[what: string, content: object, env: Record<string, string>, admin: object | false]>([
    ["nothing", {}, {}, { ...local, isDefault: true }],
    ["an empty section", { admin: {} }, {}, local],
    ["a port", { admin: { port: 0 } }, {}, { ...local, port: 0 }],
    ["false", { admin: false }, {}, false],
    ["a variable", {}, { ICE_ADMIN_PORT: "9100" }, { ...local, port: 9100 }],
    [
      "a variable over false",
      { admin: false },
      { ICE_ADMIN_HOST: "::1" },
      { ...local, host: "::1" },
    ],
    ["an empty variable", { admin: false }, { ICE_ADMIN_PORT: "" }, false],
  ])("of %s", (_, content, env, admin) => {
    const { config, warnings } = load(content, env);
    expect(config.admin).toEqual(admin);
    expect(warnings).toEqual([]);
  });

  it("is off in development, unless it is configured", () => {
    expect(load({}, {}, true).config.admin).toBe(false);
    expect(load({ admin: {} }, {}, true).config.admin).toEqual(local);
  });

  it("leaves its default port to callers, where they are given that", () => {
    const { config, warnings } = load({ listen: { port: 9090 } });
    expect(config.admin).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/no metrics .* listen\.port/)]);
  });

  it.each(["0.0.0.0", "10.1.2.3", "metrics.example.com"])("warns of the host %s", (host) => {
    expect(load({ admin: { host } }).warnings).toEqual([
      expect.stringMatching(/^admin\.host .* is not a loopback address/),
    ]);
  });

  it.each<[object | boolean, Record<string, string>, string, RegExp]>([
    [{ prt: 1 }, {}, "admin.prt", /Did you mean port\?/],
    [{ port: 70_000 }, {}, "admin.port", /from 0 to 65535/],
    [{ host: 1, port: "x" }, {}, "admin.host", /See admin\.host/],
    [true, {}, "admin", /See admin in/],
    [{}, { ICE_ADMIN_PORT: "http" }, "ICE_ADMIN_PORT", /./],
  ])("refuses %j with %j", (admin, env, key, fix) => {
    const [problem] = problemsOf(() => load({ admin }, env));
    expect(problem?.key).toBe(key);
    expect(problem?.fix).toMatch(fix);
  });

  it("needs a restart to change", () => {
    const before = load({}).config;
    expect(findRestartKeys(before, load({ admin: { port: 9091 } }).config)).toEqual(["admin.port"]);
    expect(findRestartKeys(before, load({ admin: false }).config)).toEqual([
      "admin.host",
      "admin.port",
    ]);
    expect(findRestartKeys(before, load({ admin: {} }).config)).toEqual([]);
  });
});
