import { expect, it } from "vitest";
import { describeCaller } from "../../src/authentication/caller.js";

it.each([
  ["https://login.test/", "https://login.test/"],
  ["https://login.test/introspect?key=hidden", "https://login.test/introspect"],
])("logs the issuer %s as %s", (issuer, logged) => {
  expect(describeCaller({ kind: "jwt", issuer, subject: "alice" })).toEqual({
    kind: "jwt",
    issuer: logged,
    name: "alice",
  });
});

it("logs no issuer of a token from the service's own file", () => {
  const caller = { kind: "connector", issuer: "", subject: "gateway" };
  expect(describeCaller(caller)).toEqual({ kind: "connector", name: "gateway" });
});
