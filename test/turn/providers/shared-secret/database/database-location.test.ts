import { describe, expect, it } from "vitest";
import {
  holdsPassword,
  parseDatabaseLocation,
} from "../../../../../src/turn/providers/shared-secret/database/database-location.js";

describe("parseDatabaseLocation", () => {
  it.each([
    ["redis://127.0.0.1", "redis://127.0.0.1/0", false],
    ["redis://turn:hunter2@[::1]:6380/4", "redis://[::1]:6380/4", true],
    ["rediss://:hunter2@redis.example", "rediss://redis.example/0", true],
    ["postgres://turn@db.example/turn?sslmode=require", "postgres://db.example/turn", false],
    ["postgresql://turn:hunter2@db.example:5433/turn", "postgres://db.example:5433/turn", true],
    ["postgres:///turn?host=/run/pg&password=hunter2", "postgres:///run/pg/turn", true],
    ["sqlite:/var/lib/turn/turndb", "sqlite:/var/lib/turn/turndb", false],
    ["sqlite:turndb", `sqlite:${process.cwd()}/turndb`, false],
  ])("names %s %s", (text, name, password) => {
    const location = parseDatabaseLocation(text);
    expect(location.name).toBe(name);
    expect(holdsPassword(location)).toBe(password);
  });

  it.each([
    ["", /has no scheme/],
    ["/var/lib/turn/turndb", /has no scheme/],
    ["mysql://turn:hunter2@db.example/turn", /unknown scheme mysql:/],
    ["redis://turn:hunter2@a b", /is not a URL/],
    ["redis://turn:hunter2@127.0.0.1/turn", /not a number/],
    ["postgres://turn:hunter2%@127.0.0.1/turn", /does not encode UTF-8/],
    ["redis://turn:hunter2%ff@127.0.0.1/0", /does not encode UTF-8/],
    ["sqlite:", /no file/],
    ["sqlite://turndb", /no file/],
  ])("refuses %j, without repeating a password", (text, problem) => {
    expect(() => parseDatabaseLocation(text)).toThrow(problem);
    expect(() => parseDatabaseLocation(text)).not.toThrow(/hunter2/);
  });
});
