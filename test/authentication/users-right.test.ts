import { describe, expect, it } from "vitest";
import type { Caller } from "../../src/authentication/caller.js";
import { findHolder, UsersRightMissingError } from "../../src/authentication/users-right.js";
import { InvalidFieldError } from "../../src/errors.js";
import { connectorCaller } from "../parts/callers.js";

const backend: Caller = { ...connectorCaller("backend"), usersRight: "granted" };
const nobody = { user: "", clientAddress: "" };

describe("findHolder", () => {
  it("is the caller that names nobody, the same object, with the right or without", () => {
    const plain = connectorCaller("phone");
    expect(findHolder(plain, nobody)).toBe(plain);
    expect(findHolder(backend, nobody)).toBe(backend);
    expect(findHolder(backend, { user: "", clientAddress: "192.0.2.7" })).toBe(backend);
  });

  it("is the user of a caller that has the right, for no longer than its token lasts", () => {
    const caller: Caller = { ...backend, expiresAtSeconds: 5 };
    expect(findHolder(caller, { user: "alice", clientAddress: "" })).toMatchObject({
      kind: "connector",
      issuer: "",
      subject: "backend",
      user: "alice",
      expiresAtSeconds: 5,
    });
  });

  it.each([
    ["a user", { user: "alice", clientAddress: "" }],
    ["an address", { user: "", clientAddress: "192.0.2.7" }],
    ["something that is no address", { user: "", clientAddress: "secret place" }],
    ["a user that is too long", { user: "x".repeat(257), clientAddress: "" }],
  ])("refuses a caller without the right that names %s", (_, named) => {
    expect(() => findHolder(connectorCaller("phone"), named)).toThrow(UsersRightMissingError);
  });

  it("tells which scope is missing", () => {
    const caller: Caller = { ...backend, usersRight: { missingScope: "ice:users" } };
    expect(() => findHolder(caller, { user: "alice", clientAddress: "" })).toThrow(
      expect.objectContaining({ scope: "ice:users" }),
    );
  });

  it.each([
    ["x".repeat(256), ""],
    ["é".repeat(128), ""],
    ["a/b:c d\n", ""],
    ["alice", "2001:db8::7"],
    ["alice", "::ffff:192.0.2.7"],
  ])("accepts %j at %j", (user, clientAddress) => {
    expect(findHolder(backend, { user, clientAddress }).user).toBe(user);
  });

  it.each([
    ["user", "x".repeat(257), ""],
    ["user", "é".repeat(129), ""],
    ["client_address", "", "[2001:db8::7]"],
    ["client_address", "", "192.0.2.7:3478"],
    ["client_address", "alice", "fe80::1%eth0"],
    ["client_address", "alice", "turn.example.com"],
  ])("refuses %s, and repeats nothing of it", (field, user, clientAddress) => {
    const refuse = () => findHolder(backend, { user, clientAddress });
    expect(refuse).toThrow(InvalidFieldError);
    expect(refuse).toThrow(expect.objectContaining({ field }));
    expect(refuse).not.toThrow(clientAddress || user);
  });
});
