import { symlink } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findRotationSetting, warnOfOtherRegions } from "../../src/cli/rotation-setting.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await createTemporaryDirectory("rotation-setting");
  await directory.write("turn.secret", "0123456789abcdef0123456789abcdef");
  await directory.write("other.secret", "fedcba9876543210fedcba9876543210");
  await symlink("turn.secret", `${directory.path}/link.secret`);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await directory.remove();
});

/** What a rotation in the region `eu` warns of, where there are other regions with these files. */
async function warnFor(others: Readonly<Record<string, readonly string[] | undefined>>) {
  const regions = Object.entries({ eu: undefined, ...others }).map(([name, secretFiles]) => [
    name,
    { urls: [`turn:${name}.example.com`], secretFiles },
  ]);
  const turn = {
    secretFiles: ["turn.secret"],
    defaultRegion: "eu",
    regions: Object.fromEntries(regions),
  };
  const config = await directory.write("ice.yaml", JSON.stringify({ ice: { turn } }));
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const turnDb = "sqlite:/var/lib/turn/turndb";
  const setting = findRotationSetting({ config, turnDb, realm: "example.com", region: "eu" });
  warnOfOtherRegions(setting, "eu");
  return write.mock.calls.map(([text]) => text).join("");
}

describe("warnOfOtherRegions", () => {
  it("names the other regions that sign with the file, and the fix", async () => {
    const text = await warnFor({
      us: undefined,
      asia: ["link.secret"],
      africa: ["other.secret", "turn.secret"],
    });
    expect(text).toMatch(/^warning: other regions sign with .*\/turn\.secret as well: us, asia\. /);
    expect(text).toMatch(/ give the region eu its own secretFiles\n$/);
  });

  it("is silent when no other region signs with the file", async () => {
    expect(await warnFor({ africa: ["other.secret", "turn.secret"] })).toBe("");
    expect(await warnFor({})).toBe("");
  });
});
