import { createSecretKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Holder } from "../../../../src/turn/holder.js";
import {
  createNaming,
  createPseudonymizer,
  nameBySubject,
  type TurnIdentity,
} from "../../../../src/turn/providers/shared-secret/holder-name.js";

const key = (text: string) => createSecretKey(text, "utf8");
const alice: Holder = { kind: "jwt", issuer: "https://issuer.test", subject: "alice" };

describe("nameBySubject", () => {
  // The tags are what sha256sum makes of the JSON.
  it.each<[holder: Holder, name: string]>([
    [alice, "f17d3a0b.alice"],
    [
      { ...alice, subject: "system:serviceaccount:web:call" },
      "f17d3a0b.system%3Aserviceaccount%3Aweb%3Acall",
    ],
    [{ kind: "connector", issuer: "", subject: "alice" }, "f9a36fec.alice"],
    [{ ...alice, subject: "" }, "f17d3a0b."],
    [{ ...alice, user: "bob" }, "f17d3a0b.alice/bob"],
    [{ ...alice, subject: "", user: "bob" }, "f17d3a0b./bob"],
    [{ ...alice, subject: "a/b", user: "c/d:e%" }, "f17d3a0b.a%2Fb/c%2Fd%3Ae%25"],
    [{ ...alice, user: "Zoë 1" }, "f17d3a0b.alice/Zoë%201"],
    [{ ...alice, subject: "union", user: "select" }, "f17d3a0b.%75nion/select"],
  ])("names %o %s", (holder, name) => {
    expect(nameBySubject(holder)).toBe(name);
  });

  it("names equal subjects of different sources apart, whatever they hold", () => {
    const sources: Pick<Holder, "kind" | "issuer">[] = [
      { kind: "connector", issuer: "" },
      { kind: "jwt", issuer: "https://issuer.test" },
      { kind: "jwt", issuer: "https://issuer.test/" },
    ];
    const subjects = ["", "alice", "x".repeat(5000), " ".repeat(400)];
    const names = sources.flatMap((source) => [
      ...subjects.map((subject) => nameBySubject({ ...source, subject })),
      ...subjects.map((subject) => nameBySubject({ ...source, subject, user: "alice" })),
    ]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("createPseudonymizer", () => {
  const pseudonymize = createPseudonymizer(key("north"));

  // Made with openssl. A change would give every holder a new name, and so a fresh quota.
  it.each<[holder: Holder, name: string]>([
    [
      { kind: "jwt", issuer: "https://issuer.test", subject: "alice" },
      "5cb3f1f97c0244453cbf5c843ee585a1",
    ],
    [{ kind: "connector", issuer: "", subject: "gateway-1" }, "fdffdbe15bc2b1b4e2cca421350d0d8f"],
    [
      { kind: "connector", issuer: "", subject: "gateway-1", user: "alice" },
      "a145892ec353012482c94ea0c8a0d1c5",
    ],
  ])("names %o the same in every release", (holder, name) => {
    expect(pseudonymize(holder)).toBe(name);
  });

  it("names a holder differently with another key", () => {
    const other = createPseudonymizer(key("south"));
    expect(other(alice)).not.toBe(pseudonymize(alice));
  });
});

describe("createNaming", () => {
  it.each<[identity: TurnIdentity, name: string]>([
    ["static", "gateway"],
    ["subject", "f17d3a0b.alice"],
    ["pseudonym", "5cb3f1f97c0244453cbf5c843ee585a1"],
  ])("by %s names alice %s, again and again", (identity, name) => {
    const nameHolder = createNaming({ identity, name: "gateway", pseudonymKey: key("north") });
    expect([nameHolder(alice), nameHolder(alice), nameHolder({ ...alice })]).toEqual([
      name,
      name,
      name,
    ]);
  });
});
