import { chown, readFile, stat, symlink, unlink } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TurnSecretStore } from "../../../../../src/turn/providers/shared-secret/database/turn-secret-store.js";
import {
  advanceRotation,
  type RotationOptions,
} from "../../../../../src/turn/providers/shared-secret/rotation/advance-rotation.js";
import { RotationFiles } from "../../../../../src/turn/providers/shared-secret/rotation/rotation-files.js";
import { fingerprintSecret } from "../../../../../src/turn/providers/shared-secret/turn-secret.js";
import {
  createTemporaryDirectory,
  type TemporaryDirectory,
} from "../../../../parts/temporary-directory.js";

function createMemoryStore(secrets: Set<string>): TurnSecretStore {
  return {
    list: async () => [...secrets],
    add: async (secret) => void secrets.add(secret),
    remove: async (secret) => void secrets.delete(secret),
    close: async () => {},
  };
}

let directory: TemporaryDirectory;
let secretFile: string;
let secrets: Set<string>;
let options: RotationOptions;
let nowMs: number;
let steps: string[];

beforeEach(async () => {
  directory = await createTemporaryDirectory("rotation");
  secretFile = await directory.write("turn.secret", "south\n", 0o640);
  secrets = new Set(["south", "east"]);
  nowMs = 1_800_000_000_250;
  steps = [];
  options = {
    files: new RotationFiles(secretFile),
    store: createMemoryStore(secrets),
    database: "sqlite:/turndb",
    realm: "turn.test",
    clock: () => nowMs,
    ttlSeconds: 3600,
    confirmRemoval: async () => true,
    report: ({ kind }) => steps.push(kind),
  };
});
afterEach(() => directory.remove());

const readSecret = async () => (await readFile(secretFile, "utf8")).trim();

describe("advanceRotation", () => {
  it("adds, switches, waits for ttl and margin, removes, and finishes", async () => {
    const waiting = await advanceRotation(options);
    expect(steps).toEqual(["begin", "add", "switch", "note-switch"]);
    expect(waiting).toEqual({
      kind: "waiting",
      untilSeconds: 1_800_000_001 + 3600 + 600,
      ttlSeconds: 3600,
      marginSeconds: 600,
      unknown: [fingerprintSecret("east")],
    });
    const secret = await readSecret();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(secrets).toEqual(new Set(["south", "east", secret]));

    nowMs += 4_200_000;
    expect(await advanceRotation(options)).toMatchObject({ kind: "waiting" });
    nowMs += 1000;
    expect(await advanceRotation(options)).toEqual({ kind: "finished" });
    expect(steps.slice(4)).toEqual(["remove", "finish"]);
    expect(secrets).toEqual(new Set(["east", secret]));
    expect(await readSecret()).toBe(secret);
  });

  it("keeps the old secret until its removal is confirmed", async () => {
    await advanceRotation(options);
    nowMs += 4_201_000;
    const asked: string[] = [];
    const confirmRemoval = async (fingerprint: string) => {
      asked.push(fingerprint);
      return false;
    };
    const kept = { kind: "kept", fingerprint: fingerprintSecret("south") };
    expect(await advanceRotation({ ...options, confirmRemoval })).toEqual(kept);
    expect(asked).toEqual([fingerprintSecret("south")]);
    expect(secrets).toContain("south");
    expect(await advanceRotation(options)).toEqual({ kind: "finished" });
    expect(secrets).not.toContain("south");
  });

  it("can be done again after it has finished", async () => {
    for (const days of [1, 2, 3, 4]) {
      nowMs = 1_800_000_000_000 + days * 86_400_000;
      await advanceRotation(options);
    }
    expect(steps.filter((step) => step === "finish")).toHaveLength(2);
    expect(secrets).toEqual(new Set(["east", await readSecret()]));
  });

  it("keeps the secret file's mode and owner, and gives its owner the state", async () => {
    // Only root can give files away.
    const uid = process.getuid?.() || 65534;
    const gid = process.getgid?.() || 65534;
    await chown(secretFile, uid, gid);
    await advanceRotation(options);
    expect(await stat(secretFile)).toMatchObject({ uid, gid, mode: 0o100640 });
    const state = await stat(`${secretFile}.rotation.json`);
    expect(state).toMatchObject({ uid, gid, mode: 0o100600 });
  });

  it("follows a link, and leaves it a link", async () => {
    const link = `${directory.path}/link.secret`;
    await symlink("turn.secret", link);
    await advanceRotation({ ...options, files: new RotationFiles(link) });
    expect(await readSecret()).toMatch(/^[0-9a-f]{64}$/);
    expect(await readFile(link, "utf8")).toBe(await readFile(secretFile, "utf8"));
  });

  it("waits for the longest ttl that it has seen since it began", async () => {
    const { untilSeconds } = { untilSeconds: 0, ...(await advanceRotation(options)) };
    const shorter = { ...options, ttlSeconds: 60 };
    expect(await advanceRotation(shorter)).toMatchObject({ untilSeconds });
    const longer = { ...options, ttlSeconds: 7200 };
    expect(await advanceRotation(longer)).toMatchObject({ untilSeconds: untilSeconds + 3600 });
  });

  it("takes another margin on the way", async () => {
    const { untilSeconds } = { untilSeconds: 0, ...(await advanceRotation(options)) };
    const wider = { ...options, marginSeconds: 7200 };
    expect(await advanceRotation(wider)).toMatchObject({ untilSeconds: untilSeconds + 6600 });
  });

  it("changes nothing when the database does not have the secret that signs", async () => {
    secrets.delete("south");
    await expect(advanceRotation(options)).rejects.toThrow(/does not have the secret that signs/);
    expect(await readSecret()).toBe("south");
    expect(secrets).toEqual(new Set(["east"]));
  });

  it("changes nothing when the file cannot be replaced", async () => {
    const broken = {
      ...options,
      files: Object.assign(new RotationFiles(secretFile), {
        checkWritable() {
          throw new Error("EROFS");
        },
      }),
    };
    await expect(advanceRotation(broken)).rejects.toThrow("EROFS");
    expect(secrets).toEqual(new Set(["south", "east"]));
  });

  it("does not switch when the database keeps nothing", async () => {
    const store = { ...options.store, add: async () => {} };
    await expect(advanceRotation({ ...options, store })).rejects.toThrow(/does not list it/);
    expect(await readSecret()).toBe("south");
  });

  it("goes on with the database that it began with only", async () => {
    await advanceRotation(options);
    for (const other of [{ database: "sqlite:/other" }, { realm: "other.test" }]) {
      await expect(advanceRotation({ ...options, ...other })).rejects.toThrow(/in progress is for/);
    }
  });

  it("puts the signing secret back into a database that has lost all", async () => {
    await advanceRotation(options);
    secrets.clear();
    expect(await advanceRotation(options)).toEqual({ kind: "finished" });
    expect(secrets).toEqual(new Set([await readSecret()]));
  });

  it("gives up when the state is gone: every secret stays, and the next rotation is a new one", async () => {
    await advanceRotation(options);
    const second = await readSecret();
    await unlink(`${secretFile}.rotation.json`);
    await advanceRotation(options);
    nowMs += 86_400_000;
    await advanceRotation(options);
    expect(secrets).toEqual(new Set(["south", "east", await readSecret()]));
    expect(secrets).not.toContain(second);
  });

  it("tells of a broken state without repeating it", async () => {
    await directory.write("turn.secret.rotation.json", '{"phase":"adding","newSecret":"north"}');
    await expect(advanceRotation(options)).rejects.toThrow(/is not a rotation state file/);
    await expect(advanceRotation(options)).rejects.not.toThrow(/north/);
  });
});
