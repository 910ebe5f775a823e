import { describe, expect, it } from "vitest";
import { listKeys } from "../../src/config/declared-keys.js";
import type { KeyPath } from "../../src/config/key-path.js";
import { adviseOnKey } from "../../src/config/misplaced-key.js";
import { configSection } from "../../src/service-config.js";
import { findProblems } from "./load-declared.js";

const declared = listKeys(configSection);

/** What is said about a key of the service's configuration in the wrong place. */
function advise(content: object): string | undefined {
  return findProblems(configSection, { auth: { jwt: [] }, ...content }).find((problem) =>
    problem.includes("unknown key"),
  );
}

describe("a key that is not known", () => {
  it.each<[content: object, advice: string]>([
    [{ turn: {} }, "turn: unknown key. Did you mean ice.turn?"],
    [
      { stunUrls: [] },
      "stunUrls: unknown key. Did you mean ice.stunUrls, or ice.turn.regions.<name>.stunUrls?",
    ],
    [
      { stun_urls: [] },
      "stun_urls: unknown key. Did you mean ice.stunUrls, or ice.turn.regions.<name>.stunUrls?",
    ],
    [
      { stunUrl: [] },
      "stunUrl: unknown key. Did you mean ice.stunUrls, or ice.turn.regions.<name>.stunUrls?",
    ],
    [{ jwt: [] }, "jwt: unknown key. Did you mean auth.jwt?"],
    [{ port: 1 }, "port: unknown key. Did you mean listen.port, or admin.port?"],
    [{ tls: {} }, "tls: unknown key. Did you mean listen.tls?"],
    [
      { ice: { urls: [] } },
      "ice.urls: unknown key. Did you mean ice.turn.urls, or ice.turn.regions.<name>.urls?",
    ],
    [{ ice: { turn: { turn: {} } } }, "ice.turn.turn: unknown key. Did you mean ice.turn?"],
    [
      { ice: { turn: { stunUrls: [] } } },
      "ice.turn.stunUrls: unknown key. Did you mean ice.turn.regions.<name>.stunUrls, or ice.stunUrls?",
    ],
    [{ ice: { ice: {} } }, "ice.ice: unknown key. Did you mean ice, at the top level?"],
    [{ ice: { listen: {} } }, "ice.listen: unknown key. Did you mean listen, at the top level?"],
    [
      { ice: { turn: { secret: "x" } } },
      "ice.turn.secret: unknown key. Did you mean the variable ICE_TURN_SECRET?",
    ],
    [{ ice: { turn: { url: [] } } }, "ice.turn.url: unknown key. Did you mean urls?"],
    [{ listn: {} }, "listn: unknown key. Did you mean listen?"],
    [{ LISTEN: {} }, "LISTEN: unknown key. Did you mean listen?"],
  ])("gets the place where it belongs: %j", (content, advice) => {
    expect(advise(content)).toBe(advice);
  });

  it("gets all keys where none is near", () => {
    expect(advise({ frobnicate: 1 })).toMatch(/^frobnicate: unknown key\. Use one of: listen, /);
  });

  it.each(listMisplaced())("%s in the section %s is told where it belongs", (name, _, path) => {
    const key = { name, path, known: namesIn(path) };
    expect(adviseOnKey(key, declared)).toMatch(/^Did you mean /);
  });
});

function namesIn(path: KeyPath): string[] {
  return declared
    .filter((each) => each.path.slice(0, -1).join() === path.join())
    .map(({ name }) => name);
}

/** Every key one level too high, and one too low. */
function listMisplaced(): [name: string, section: string, path: KeyPath][] {
  const written = declared.filter(({ key }) => key.declaration.isVariableOnly !== true);
  return written.flatMap(({ name, path }) => {
    const section = path.slice(0, -1);
    return [section.slice(0, -1), [...section, "other"]]
      .filter((wrong) => !namesIn(wrong).includes(name))
      .map((wrong): [string, string, KeyPath] => [name, wrong.map(String).join(".") || "-", wrong]);
  });
}
