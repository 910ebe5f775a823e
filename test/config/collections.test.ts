import { describe, expect, it } from "vitest";
import { list, listOrOne, map } from "../../src/config/collections.js";
import { key, optionalKey, requiredKey } from "../../src/config/key.js";
import { checked } from "../../src/config/kind.js";
import { choice, text, wholeNumber } from "../../src/config/scalars.js";
import { section } from "../../src/config/section.js";
import { variants } from "../../src/config/variants.js";
import { findProblems, load } from "./load-declared.js";

const help = "A key of a test.";
const entry = section({
  name: requiredKey(text(), { help, example: "a", variable: "ICE_ENTRY_NAME" }),
  size: key(wholeNumber(1, 9), { help, default: 1 }),
});

describe("list", () => {
  const root = section({
    names: key(list(text(), { max: 3 }), {
      help,
      default: [],
      variable: "ICE_NAMES",
      emptyVariable: "is a value",
    }),
    entries: key(list(entry), { help, default: [] }),
    audience: optionalKey(listOrOne(text()), { help, example: "a" }),
  });

  it("holds sections, and describes them", () => {
    const { config } = load(root, { entries: [{ name: "a" }, { name: "b", size: 2 }] });
    expect(config.entries.map(({ name, size }) => [name, size])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(load(root, root.describe(config)).config).toEqual(config);
  });

  it("can be written as its only entry", () => {
    expect(load(root, { audience: "a" }).config.audience).toEqual(["a"]);
  });

  it.each<[env: Record<string, string>, config: object]>([
    [{ ICE_NAMES: "x, y,,z" }, { names: ["x", "y", "z"] }],
    [{ ICE_NAMES: "" }, { names: [] }],
    [{ ICE_ENTRY_NAME: "v" }, { entries: [{ name: "v", size: 1 }] }],
  ])("takes %j over the file; variables make one entry", (env, config) => {
    const content = { names: ["f"], entries: [{ name: "a" }, { name: "b" }] };
    expect(load(root, content, env).config).toMatchObject(config);
  });

  it.each<[object, readonly string[]]>([
    [
      { entries: [{ name: "a" }, { nmae: "b", size: 10 }] },
      [
        "entries[1].name: is missing. See entries[1].name in config-sample.yaml",
        "entries[1].size: 10 is out of range (1 to 9). Write a whole number from 1 to 9",
        "entries[1].nmae: unknown key. Did you mean name?",
      ],
    ],
    [
      { names: ["a", "b", "c", "d"], audience: [] },
      [
        "names: is longer than 3 entries. See names in config-sample.yaml",
        "audience: is empty. See audience in config-sample.yaml",
      ],
    ],
    [
      { names: "a", entries: {} },
      [
        "names: is text, not a list. Write each entry on a line of its own, after a dash; see names in config-sample.yaml",
        "entries: is a mapping of keys, not a list. Write a dash before the first key of each entry; see entries in config-sample.yaml",
      ],
    ],
  ])("finds every problem of %j", (content, problems) => {
    expect(findProblems(root, content)).toEqual(problems);
  });
});

describe("map", () => {
  const code = checked(text(), (name, place) =>
    /^[a-z]{2}$/.test(name) ? name.toUpperCase() : place.refuse("is not a code", "Write DE"),
  );
  const root = section({ regions: key(map(code, entry), { help, default: {} }) });

  it("reads each name and entry, in the order of the file", () => {
    const { config } = load(root, { regions: { us: { name: "a" }, eu: { name: "b" } } });
    expect([...config.regions.keys()]).toEqual(["US", "EU"]);
    expect(root.describe(config)).toEqual({
      regions: { US: { name: "a", size: 1 }, EU: { name: "b", size: 1 } },
    });
  });

  it("names the entry of a problem", () => {
    expect(findProblems(root, { regions: { usa: { name: "a" }, eu: { nam: "b" } } })).toEqual([
      "regions.usa: is not a code. Write DE",
      "regions.eu.name: is missing. See regions.eu.name in config-sample.yaml",
      "regions.eu.nam: unknown key. Did you mean name?",
    ]);
  });
});

describe("variants", () => {
  const north = section({
    provider: requiredKey(choice("north"), { help, example: "north" }),
    keyId: requiredKey(text(), { help, example: "k" }),
  });
  const south = section({
    provider: requiredKey(choice("south"), { help, example: "south" }),
    count: key(wholeNumber(1, 9), { help, default: 2 }),
  });
  const root = section({
    managed: key(list(variants("provider", north, south)), { help, default: [] }),
  });

  it("reads each entry as the section that it names", () => {
    const { config } = load(root, {
      managed: [{ provider: "south" }, { provider: "north", keyId: "k" }],
    });
    const found = config.managed.map((each) =>
      each.provider === "north" ? each.keyId : each.count,
    );
    expect(found).toEqual([2, "k"]);
    expect(load(root, root.describe(config)).config).toEqual(config);
  });

  it.each<[object, string]>([
    [{}, "managed[0].provider: is missing. See managed[0].provider in config-sample.yaml"],
    [{ provider: "nort" }, 'managed[0].provider: "nort" is not a known value. Did you mean north?'],
    [
      { provider: "north", keyId: "k", count: 1 },
      "managed[0].count: unknown key. Use one of: provider, keyId",
    ],
    [
      { provider: "south", count: 0 },
      "managed[0].count: 0 is out of range (1 to 9). Write a whole number from 1 to 9",
    ],
  ])("refuses %j", (entry, problem) => {
    expect(findProblems(root, { managed: [entry] })).toEqual([problem]);
  });
});
