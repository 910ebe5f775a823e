import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDatabaseLocation } from "../../../../../src/turn/providers/shared-secret/database/database-location.js";
import { openTurnSecretStore } from "../../../../../src/turn/providers/shared-secret/database/open-store.js";
import {
  TurnDatabaseError,
  type TurnSecretStore,
} from "../../../../../src/turn/providers/shared-secret/database/turn-secret-store.js";
import { findFreePort } from "../../../../parts/free-port.js";
import { type RedisServer, startRedisServer } from "../../../../parts/redis-server.js";
import { createSqliteFile } from "../../../../parts/sqlite-file.js";
import { createTemporaryDirectory } from "../../../../parts/temporary-directory.js";
import { type TurnDatabase, turnDatabases } from "../../../../parts/turn-databases.js";

const open = (url: string, realm: string, env = {}) =>
  openTurnSecretStore(parseDatabaseLocation(url), realm, env);

describe.each(Object.entries(turnDatabases))("the secrets in %s", (_, start) => {
  const realm = `o'hara "turn" \\ ünder`;
  const secret = `it's "secret" \\ \${x} ünder`;
  let database: TurnDatabase;
  let store: TurnSecretStore;
  beforeAll(async () => {
    database = await start();
    store = await open(database.url, realm);
  });
  afterAll(async () => {
    await store.close();
    await database.stop();
  });

  it("are none at first", async () => {
    expect(await store.list()).toEqual([]);
  });

  it("are what was added, once, whatever the characters", async () => {
    await store.add(secret);
    await store.add(secret);
    await store.add("second");
    expect([...(await store.list())].sort()).toEqual([secret, "second"].sort());
    expect(await database.listSecrets(realm)).toEqual([secret, "second"].sort());
  });

  it("are those of their realm", async () => {
    const other = await open(database.url, "other.test");
    await other.add("elsewhere");
    await other.remove("second");
    expect(await other.list()).toEqual(["elsewhere"]);
    await other.close();
    expect(await store.list()).toHaveLength(2);
  });

  it("lack what was removed, also twice", async () => {
    await store.remove(secret);
    await store.remove(secret);
    expect(await store.list()).toEqual(["second"]);
  });

  it("are shared with other programs at work on them", async () => {
    const others = await Promise.all([1, 2, 3].map(() => open(database.url, "busy.test")));
    await Promise.all(others.map((other, index) => other.add(`secret ${index}`)));
    expect(await database.listSecrets("busy.test")).toEqual(["secret 0", "secret 1", "secret 2"]);
    await Promise.all(others.map((other) => other.close()));
  });
});

describe("openTurnSecretStore", () => {
  const password = "redis-p%40ss";
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer({ password });
  });
  afterAll(() => redis.stop());

  const refusal = (url: string, realm = "a.test", env = {}) =>
    open(url, realm, env).then(
      () => undefined,
      (error: unknown) => error,
    );

  it("takes the password of Redis from REDISCLI_AUTH", async () => {
    const env = { REDISCLI_AUTH: password };
    const store = await open(`redis://127.0.0.1:${redis.port}`, "a.test", env);
    expect(await store.list()).toEqual([]);
    await store.close();
  });

  it.each(["redis", "rediss", "postgres"])("tells that %s cannot be reached", async (scheme) => {
    const error = await refusal(`${scheme}://turn:hunter2@127.0.0.1:${await findFreePort()}/0`);
    expect(error).toBeInstanceOf(TurnDatabaseError);
    expect(String(error)).toMatch(/cannot connect .*ECONNREFUSED/);
    expect(String(error)).not.toContain("hunter2");
  });

  it.each([
    ["a database name that cannot be read", "/turn%ff"],
    ["a file of authorities that is not there", "/turn?sslmode=verify-full&sslrootcert=/missing"],
  ])("refuses a URL of PostgreSQL with %s", async (_, rest) => {
    const error = await refusal(`postgres://turn:hunter2@127.0.0.1${rest}`);
    expect(error).toBeInstanceOf(TurnDatabaseError);
    expect(String(error)).toMatch(/the URL of PostgreSQL cannot be used/);
    expect(String(error)).not.toContain("hunter2");
  });

  it("tells that a password is wrong, without it", async () => {
    const error = await refusal(`redis://:hunter2@127.0.0.1:${redis.port}`);
    expect(String(error)).toMatch(/cannot connect to Redis \(WRONGPASS\)/);
  });

  it("keeps a secret out of what Redis says of it", async () => {
    const { port } = redis;
    await redis.run("ACL", "SETUSER", "reader", "on", ">pass", "~*", "+scard", "+smembers");
    await redis.run("SET", "turn/realm/text.test/secret", "no set");
    const reader = await open(`redis://reader:pass@127.0.0.1:${port}`, "a.test");
    await expect(reader.add("north-secret")).rejects.toThrow(/^Redis did not do it \(NOPERM\)/);
    await reader.close();
    const store = await open(
      `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
      "text.test",
    );
    await expect(store.list()).rejects.toThrow(/\(WRONGTYPE\)/);
    await store.close();
  });

  it("opens SQLite files of any name, and makes none", async () => {
    const { file, run, stop } = await createSqliteFile("DELETE", "turn db's ?mode=ro #1%20");
    const store = await open(`sqlite:${file}`, "a.test");
    await store.add("north");
    expect(await run("SELECT value FROM turn_secret")).toEqual(["north"]);
    expect(String(await refusal(`sqlite:${file}.missing`))).toMatch(/cannot be used/);
    await expect(run("DROP TABLE turn_secret").then(() => store.add("secret-x"))).rejects.toThrow(
      /has no table turn_secret/,
    );
    await stop();
  });

  it("refuses a file that is no database", async () => {
    const directory = await createTemporaryDirectory("no-database");
    const file = await directory.write("turndb", "no database ".repeat(100));
    expect(String(await refusal(`sqlite:${file}`))).toMatch(/cannot be used as an SQLite database/);
    await directory.remove();
  });

  it("refuses more secrets than anybody means", async () => {
    const many = Array.from({ length: 1001 }, (_, index) => `secret-${index}`);
    await redis.run("-n", "3", "SADD", "turn/realm/many.test/secret", ...many);
    const url = `redis://:${encodeURIComponent(password)}@127.0.0.1:${redis.port}/3`;
    const store = await open(url, "many.test");
    await expect(store.list()).rejects.toThrow(/more than 1000/);
    await store.close();
  });

  it.each(["", "a\nb", "a".repeat(128)])("refuses the realm %j", async (realm) => {
    expect(String(await refusal("sqlite:turndb", realm))).toMatch(/the realm is not/);
  });
});
