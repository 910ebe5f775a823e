import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeTurnName,
  findTurnNameProblem,
} from "../../src/turn/providers/shared-secret/turn-name.js";
import { fuzzTimeoutMs, textOf, tryToBreak } from "./property.js";

const subject = fc.oneof(
  textOf(
    "%",
    "u",
    "nion",
    "UNION",
    "select",
    "25",
    ":",
    "/",
    "%sha256-",
    " ",
    '"',
    "\\",
    "\ud800",
    "D800",
    "é",
  ),
  fc.string({ unit: "binary", minLength: 300, maxLength: 600 }),
);

describe("encodeTurnName", { timeout: fuzzTimeoutMs }, () => {
  it("never makes a name that coturn refuses", async () => {
    await tryToBreak(
      fc.property(fc.array(subject, { minLength: 1, maxLength: 2 }), (parts) => {
        const name = encodeTurnName("0123abcd", parts);
        expect(findTurnNameProblem(name)).toBeUndefined();
        // As coturn's own check has it (is_secure_string), by bytes.
        const username = `1748390400:${name}`;
        expect(Buffer.byteLength(username)).toBeLessThan(508);
        const lower = username.toLowerCase();
        expect(lower.includes("union") && lower.includes("select")).toBe(false);
        expect([...Buffer.from(username)].filter((byte) => byte <= 0x20 || byte === 0x7f)).toEqual(
          [],
        );
        expect(username).not.toMatch(/["'\\]/);
        // pion cuts names at a colon.
        expect(name).not.toContain(":");
        expect(name.split("/").length).toBeLessThanOrEqual(parts.length);
        expect(name.isWellFormed()).toBe(true);
      }),
    );
  });

  it("gives different subjects and users different names", async () => {
    const subjects = new Map<string, string>();
    const claim = (...parts: string[]): string => {
      const name = encodeTurnName("0123abcd", parts);
      const whole = JSON.stringify(parts);
      expect(subjects.get(name) ?? whole).toBe(whole);
      if (subjects.size < 200_000) {
        subjects.set(name, whole);
      }
      return name;
    };
    await tryToBreak(
      fc.property(subject, subject, (text, user) => {
        // A name that is itself a subject is the nearest that one caller comes to another.
        claim(claim(text));
        claim(claim(text, user));
        claim(text, claim(user));
      }),
    );
  });
});
