import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createConnectorToken,
  hashConnectorToken,
} from "../../../src/authentication/connector/connector-token.js";
import {
  parseConnectorTokens,
  readConnectorTokensFile,
} from "../../../src/authentication/connector/connector-tokens-file.js";
import { DiskFiles } from "../../../src/files/disk-files.js";
import { problemsOf } from "../../config-problems.js";
import {
  createTemporaryDirectory,
  type TemporaryDirectory,
} from "../../parts/temporary-directory.js";

const rawToken = createConnectorToken();
const hash = hashConnectorToken(rawToken);
const otherHash = hashConnectorToken("other");

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await createTemporaryDirectory("connector-tokens");
});
afterAll(() => directory.remove());

const read = (content: string) => parseConnectorTokens(Buffer.from(content), "tokens.yaml");

const findProblems = async (content: string | Uint8Array) => {
  const file = await directory.write("tokens.yaml", content);
  return problemsOf(() => readConnectorTokensFile(file, new DiskFiles()));
};

describe("readConnectorTokensFile", () => {
  it("reads names and hashes", async () => {
    const content = `tokens:\n- name: gateway one\n  hash: "${hash}"\n- { name: zweites Tor, hash: ${otherHash} }`;
    expect(read(content)).toEqual([
      { name: "gateway one", hash },
      { name: "zweites Tor", hash: otherHash },
    ]);
  });

  it("reads hex digits of either case", async () => {
    const upper = `sha256:${hash.slice("sha256:".length).toUpperCase()}`;
    expect(read(`tokens: [{ name: a, hash: "${upper}" }]`)).toEqual([{ name: "a", hash }]);
  });

  it.each([true, false])("reads mayNameUsers: %s", (mayNameUsers) => {
    const content = `tokens: [{ name: a, hash: "${hash}", mayNameUsers: ${mayNameUsers} }]`;
    expect(read(content)).toEqual([{ name: "a", hash, mayNameUsers }]);
  });

  it.each(["tokens: []", "tokens:\n"])("reads an empty list: %j", (content) => {
    expect(read(content)).toEqual([]);
  });

  it.each([
    ["2030-01-31T12:00:00Z", 1_896_091_200],
    ["2030-01-31T12:00:00.900Z", 1_896_091_200],
    ["2030-01-31T14:00:00+02:00", 1_896_091_200],
    ["2030-01-31", 1_896_048_000],
  ])("reads expires: %s", async (expires, expiresAtSeconds) => {
    const content = `tokens: [{ name: a, hash: "${hash}", expires: ${expires.replace(/.*:.*/, '"$&"')} }]`;
    expect(read(content)).toEqual([{ name: "a", hash, expiresAtSeconds }]);
  });

  const entry = (fields: string) => `tokens: [{ ${fields} }]`;
  it.each<[rule: string, content: string, problem: RegExp, fix: RegExp]>([
    ["no mapping", "", /the content .* is missing/, /tokens: \[\]/],
    ["a list at the top", "[]", /the content .* is not valid/, /tokens: \[\]/],
    ["no list", "{}", /tokens .* is missing/, /tokens: \[\]/],
    ["a text as list", "tokens: none", /tokens .* is not valid/, /tokens: \[\]/],
    ["no name", entry(`hash: "${hash}"`), /tokens\[0\]\.name .* is missing/, /1 to 200/],
    ["an empty name", entry(`name: "", hash: "${hash}"`), /tokens\[0\]\.name/, /1 to 200/],
    ["a number as name", entry(`name: 7, hash: "${hash}"`), /tokens\[0\]\.name/, /in quotes/],
    ["a line break in a name", entry(`name: "a\\nb", hash: "${hash}"`), /\.name/, /one line/],
    [
      "a hash with a line break",
      entry(`name: a, hash: "${hash}\\n"`),
      /\.hash .* line break/,
      /one/,
    ],
    ["a name with an edge", entry(`name: "a ", hash: "${hash}"`), /\.name .* ends with white/, /R/],
    ["a name in quotes", entry(`name: "'a'", hash: "${hash}"`), /\.name .* is in quotes/, /Remove/],
    ["a name of 201", entry(`name: ${"a".repeat(201)}, hash: "${hash}"`), /\.name/, /1 to 200/],
    ["no hash", entry("name: a"), /tokens\[0\]\.hash .* is missing/, /ice-service token hash/],
    ["a short hash", entry('name: a, hash: "sha256:00"'), /tokens\[0\]\.hash/, /64 hex digits/],
    ["no prefix", entry(`name: a, hash: "${hash.slice(7)}"`), /\.hash/, /`sha256:` in front/],
    ["a raw token", entry(`name: a, hash: ${rawToken}`), /\.hash/, /token itself.*token hash/],
    ["a wrong date", entry(`name: a, hash: "${hash}", expires: 2030-02-30`), /\.expires/, /2030-/],
    ["a duration", entry(`name: a, hash: "${hash}", expires: 90d`), /\.expires/, /2030-/],
    [
      "a time without zone",
      entry(`name: a, hash: "${hash}", expires: "2030-01-31T12:00:00"`),
      /\.expires/,
      /Z/,
    ],
    [
      "a right as text",
      entry(`name: a, hash: "${hash}", mayNameUsers: "true"`),
      /tokens\[0\]\.mayNameUsers .* is not valid/,
      /without quotes/,
    ],
    [
      "a misspelled right",
      entry(`name: a, hash: "${hash}", mayNameUser: true`),
      /"mayNameUser"/,
      /mean "mayNameUsers"/,
    ],
    ["a wrong key", entry(`nmae: a, name: a, hash: "${hash}"`), /"nmae"/, /mean "name"/],
    ["a wrong key at the top", "token: []\ntokens: []", /"token"/, /mean "tokens"/],
    ["a far-off key", "colour: red\ntokens: []", /"colour"/, /Known here: tokens/],
    ["a token as key", `${rawToken}: a\ntokens: []`, /an unknown key$/, /Known here/],
    ["wrong YAML", `tokens:\n  - name: [${rawToken}\n`, /not valid YAML at line \d/, /Correct/],
    ["a key twice", `tokens: []\ntokens: []`, /not valid YAML at line 2.*DUPLICATE_KEY/, /Correct/],
    ["two documents", "tokens: []\n---\na: b", /not valid YAML/, /Correct/],
    ["a token alone", `${rawToken}\n`, /line 1 of .* is a token itself/, /from `tokens:` on/],
    [
      "the whole output of `token new`",
      `# The token:\r\n${rawToken}\r\n\r\n# Its entry:\r\n${entry(`name: a, hash: "${hash}"`)}`,
      /line 2 of .* is a token itself/,
      /from `tokens:` on/,
    ],
    [
      "a name twice",
      `tokens: [{ name: a, hash: "${hash}" }, { name: a, hash: "${otherHash}" }]`,
      /tokens\[1\] .* has the name of tokens\[0\]/,
      /name of its own/,
    ],
    [
      "a hash twice",
      `tokens: [{ name: a, hash: "${hash}" }, { name: b, hash: "${hash}" }]`,
      /tokens\[1\] .* has the hash of tokens\[0\]/,
      /token of its own/,
    ],
  ])("refuses %s, repeating no value", async (_, content, problem, fix) => {
    const problems = await findProblems(content);
    expect(problems).toEqual([
      {
        key: "auth.connectorTokensFile",
        problem: expect.stringMatching(problem),
        fix: expect.stringMatching(fix),
      },
    ]);
    expect(JSON.stringify(problems)).not.toContain(rawToken);
  });

  it("tells all that is wrong at once", async () => {
    const problems = await findProblems('tokens: [{ name: "", hash: x, extra: 1 }, {}]');
    expect(problems).toHaveLength(5);
  });

  describe("of many entries", () => {
    const count = 20_000;
    const lines = Array.from(
      { length: count },
      (_, index) => `- name: client-${index}\n  hash: "${hashConnectorToken(`token-${index}`)}"\n`,
    );
    const withLines = (changes: Readonly<Record<number, string>>) =>
      findProblems(`tokens:\n${Object.assign([...lines], changes).join("")}`);

    it("reads them all", () => {
      const entries = read(`tokens:\n${lines.join("")}`);
      expect(entries).toHaveLength(count);
      expect(entries[17_777]).toEqual({
        name: "client-17777",
        hash: hashConnectorToken("token-17777"),
      });
    });

    it("tells the line where the YAML is broken", async () => {
      expect(await withLines({ 17777: '- name: "a\n  hash: b\n' })).toContainEqual(
        expect.objectContaining({
          problem: expect.stringMatching(/not valid YAML at line 35556, column/),
          fix: "Correct the line or the one before it",
        }),
      );
    });

    it("tells the first 20 entries that are wrong, and how many others are", () => {
      const wrong = lines.map((line, index) => (index < 5_000 ? line : "- name: a\n"));
      expect(() => read(`tokens:\n${wrong.join("")}`)).toThrow(
        /^auth\.connectorTokensFile: tokens\[5000\]\.hash in .* is missing\..*(\n.*tokens\[50[01].*){19}\nand 14980 more$/,
      );
    });

    it("tells which entries repeat others", async () => {
      expect(await withLines({ 19998: lines[5]?.replace("client-5", "other") ?? "" })).toEqual([
        expect.objectContaining({
          problem: expect.stringMatching(/^tokens\[19998\] in .* has the hash of tokens\[5\]$/),
        }),
      ]);
    });

    it("says how they can be written so that they are read", async () => {
      const flow = lines.map((line) => `- { ${line.slice(2, -1).replace("\n ", ",")} }\n`);
      expect(await findProblems(`tokens:\n${flow.join("").repeat(3)}`)).toEqual([
        expect.objectContaining({
          problem: expect.stringMatching(/TOO_LARGE/),
          fix: expect.stringMatching(/one key with its text to a line, or JSON/),
        }),
      ]);
    });
  });

  it("refuses YAML that grows without end", async () => {
    const levels = Array.from({ length: 12 }, (_, n) =>
      n === 0 ? "- &a0 [x]" : `- &a${n} [${`*a${n - 1},`.repeat(10)}]`,
    );
    const problems = await findProblems(`tokens:\n${levels.join("\n")}`);
    expect(problems).toEqual([
      expect.objectContaining({ problem: expect.stringMatching(/alias/) }),
    ]);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ["a file of more than 32 MiB", "#".repeat(32 * 1024 * 1024 + 1), /larger than 33554432 bytes/],
    ["a file that is not UTF-8", Uint8Array.of(0xff, 0xfe, 0x00), /not UTF-8/],
  ])("refuses %s", async (_, content, problem) => {
    expect(await findProblems(content)).toEqual([
      expect.objectContaining({ problem: expect.stringMatching(problem) }),
    ]);
  });

  it.each([
    ["a missing file", "absent.yaml", "ENOENT"],
    ["a directory", ".", "is a directory"],
  ])("refuses %s", (_, name, code) => {
    expect(
      problemsOf(() => readConnectorTokensFile(`${directory.path}/${name}`, new DiskFiles())),
    ).toEqual([
      {
        key: "auth.connectorTokensFile",
        problem: expect.stringContaining(code),
        fix: expect.stringMatching(/^(Correct the name|Name a regular file)/),
      },
    ]);
  });
});
