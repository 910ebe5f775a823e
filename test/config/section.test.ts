import { describe, expect, it } from "vitest";
import { duration } from "../../src/config/duration.js";
import { secretFile } from "../../src/config/file-kinds.js";
import { key, optionalKey, requiredKey } from "../../src/config/key.js";
import { checked } from "../../src/config/kind.js";
import { choice, text, trueOrFalse, wholeNumber } from "../../src/config/scalars.js";
import { section, sectionOrFalse, sectionOrValue } from "../../src/config/section.js";
import { findProblems, load } from "./load-declared.js";

const help = "A key of a test.";
const server = section({
  name: requiredKey(text(), { help, example: "a", variable: "ICE_NAME" }),
  timeout: key(duration({ min: "1s", max: "1m", fix: "Write 5s" }), { help, default: "5s" }),
  level: optionalKey(choice("low", "high"), { help, example: "low" }),
});
const root = section({
  server: optionalKey(server, { help }),
  count: key(wholeNumber(1, 9), { help, default: 3, variable: "ICE_COUNT" }),
  isOn: key(trueOrFalse, { help, default: false, variable: "ICE_ON" }),
});

describe("section", () => {
  it("has a property for each key, named with its unit, defaults included", () => {
    const { config } = load(root, { server: { name: "a" } });
    const server: { name: string; timeoutSeconds: number; level?: "low" | "high" } | undefined =
      config.server;
    expect(server).toEqual({ name: "a", timeoutSeconds: 5 });
    expect(config).toEqual({ server, count: 3, isOn: false });
  });

  it("lacks optional keys that are not written", () => {
    expect(load(root, {}).config).toEqual({ count: 3, isOn: false });
  });

  it("describes the value in the file's own terms, so that it loads again", () => {
    const { config } = load(root, { server: { name: "a", timeout: "60s" }, count: 4 });
    const described = root.describe(config);
    expect(described).toEqual({ server: { name: "a", timeout: "1m" }, count: 4, isOn: false });
    expect(load(root, described).config).toEqual(config);
  });

  it("takes variables over the file, each as its kind reads text", () => {
    const env = { ICE_COUNT: "7", ICE_ON: "true", ICE_NAME: "b" };
    expect(load(root, { count: 1, server: { name: "a" } }, env).config).toMatchObject({
      count: 7,
      isOn: true,
      server: { name: "b" },
    });
  });

  it.each<[object, Record<string, string>, readonly string[]]>([
    [
      { sever: {}, count: 10, server: { naem: "x", timeout: "2m", level: "hihg" } },
      {},
      [
        "server.name: is missing. See server.name in config-sample.yaml",
        "server.timeout: is not between 1s and 1m. Write 5s",
        'server.level: "hihg" is not a known value. Did you mean high?',
        "server.naem: unknown key. Did you mean name?",
        "count: 10 is out of range (1 to 9). Write a whole number from 1 to 9",
        "sever: unknown key. Did you mean server?",
      ],
    ],
    [
      { server: "a", count: null },
      { ICE_ON: "yes" },
      [
        "server: is text, not a mapping of keys. See server in config-sample.yaml",
        "count: null is not a number. See count in config-sample.yaml",
        'ICE_ON: "yes" is not true or false. See isOn in config-sample.yaml',
      ],
    ],
  ])("finds every problem of %j with %j", (content, env, problems) => {
    expect(findProblems(root, content, env)).toEqual(problems);
  });

  it("has names of objects' own properties only", () => {
    expect(findProblems(root, { server: { name: "a", constructor: 1 } })).toEqual([
      "server.constructor: unknown key. Use one of: name, timeout, level",
    ]);
  });
});

describe("checked", () => {
  const ordered = checked(
    section({
      low: key(wholeNumber(0, 9), { help, default: 1 }),
      high: optionalKey(wholeNumber(0, 9), { help, example: 2, defaultText: "one more than low" }),
    }),
    ({ low, high = low + 1 }, place) =>
      high < low ? place.at("high").refuse("is less than low", "Write more") : { low, high },
  );

  it("completes what was read", () => {
    const { config } = load(ordered, { low: 4 });
    expect(config).toEqual({ low: 4, high: 5 });
    expect(ordered.describe(config)).toEqual({ low: 4, high: 5 });
  });

  it("compares keys, once each is good by itself", () => {
    expect(findProblems(ordered, { low: 4, high: 2 })).toEqual([
      "high: is less than low. Write more",
    ]);
    expect(findProblems(ordered, { low: -1, high: 2 })).toHaveLength(1);
  });
});

describe("sectionOrFalse", () => {
  const root = section({ admin: key(sectionOrFalse(server), { help, default: false }) });

  it.each([
    [{}, false],
    [{ admin: false }, false],
    [{ admin: { name: "a" } }, { name: "a", timeoutSeconds: 5 }],
  ])("reads %j", (content, admin) => {
    const { config } = load(root, content);
    expect(config).toEqual({ admin });
    expect(load(root, root.describe(config)).config).toEqual(config);
  });

  it("is nothing else", () => {
    expect(findProblems(root, { admin: true })).toEqual([
      "admin: true is not a mapping of keys or false. See admin in config-sample.yaml",
    ]);
  });
});

describe("sectionOrValue", () => {
  const url = section({
    url: requiredKey(text(), { help, example: "a" }),
    weight: optionalKey(wholeNumber(1, 9), { help, example: 1 }),
  });
  const root = section({ server: optionalKey(sectionOrValue(url, "url"), { help, example: "a" }) });

  it.each([["a"], [{ url: "a", weight: 2 }]])("reads and describes %j", (server) => {
    const { config } = load(root, { server });
    expect(config.server?.url).toBe("a");
    expect(root.describe(config)).toEqual({ server });
  });

  it.each<[unknown, string]>([
    [1, "server: 1 is not text. See server in config-sample.yaml"],
    [{ weight: 1 }, "server.url: is missing. See server.url in config-sample.yaml"],
    [
      ["a"],
      "server: is a list, not a mapping of keys. Write its keys without a dash; see server in config-sample.yaml",
    ],
  ])("refuses %j", (server, problem) => {
    expect(findProblems(root, { server })).toEqual([problem]);
  });
});

describe("a key that only a variable sets", () => {
  const root = section({
    secret: optionalKey(text(), {
      help,
      variable: "ICE_SECRET",
      isVariableOnly: true,
      replaces: "secretFile",
    }),
    secretFile: optionalKey(secretFile, {
      help,
      example: "a.secret",
      variable: "ICE_SECRET_FILE",
    }),
  });

  it("is read, and never shown", () => {
    const { config } = load(root, {}, { ICE_SECRET: "hush" });
    expect(config).toEqual({ secret: "hush" });
    expect(root.describe(config)).toEqual({});
  });

  it.each([[{}], [{ ICE_SECRET: "hush" }]])("is unknown in the file, with %j", (env) => {
    expect(findProblems(root, { secret: "hush" }, env)).toEqual([
      "secret: unknown key. Did you mean the variable ICE_SECRET?",
    ]);
  });

  it("replaces what the file has in its place, unread", () => {
    const { config } = load(root, { secretFile: "missing" }, { ICE_SECRET: "hush" });
    expect(config).toEqual({ secret: "hush" });
  });

  it("cannot be set beside the variable that it replaces", () => {
    const env = { ICE_SECRET: "hush", ICE_SECRET_FILE: "missing" };
    expect(findProblems(root, {}, env)).toEqual([
      "ICE_SECRET_FILE: is set beside ICE_SECRET. Set one of the two",
    ]);
  });
});

describe("secretFile", () => {
  const root = section({ secretFile: optionalKey(secretFile, { help, example: "a.secret" }) });

  it("reads the secret, and shows the name of its file", () => {
    const { config } = load(root, { secretFile: "a.secret" });
    expect(config.secretFile?.key.symmetricKeySize).toBe(32);
    expect(root.describe(config)).toEqual({ secretFile: "/etc/a.secret" });
  });
});
