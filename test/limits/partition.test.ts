import { describe, expect, it } from "vitest";
import type { Caller } from "../../src/authentication/caller.js";
import { partitionByAddress, partitionByCaller } from "../../src/limits/partition.js";

const jwt = (issuer: string, subject: string): Caller => ({
  kind: "jwt",
  issuer,
  subject,
  expiresAtSeconds: 0,
});

describe("partitionByCaller", () => {
  it("tells callers apart, whatever their names hold", () => {
    const callers: Caller[] = [
      jwt("a", "b"),
      jwt("ab", ""),
      jwt("", "ab"),
      jwt("a", "2:b"),
      { kind: "connector", subject: "b" },
      { kind: "connector", subject: "jwt:1:ab" },
      jwt("a", "x".repeat(1000)),
      jwt("a", `${"x".repeat(1000)}y`),
    ];
    expect(new Set(callers.map(partitionByCaller)).size).toBe(callers.length);
  });

  it("is the same for each token of a caller", () => {
    expect(partitionByCaller({ ...jwt("a", "b"), expiresAtSeconds: 5 })).toBe(
      partitionByCaller(jwt("a", "b")),
    );
  });

  it("is short even for a long subject", () => {
    expect(partitionByCaller(jwt("a", "x".repeat(8000))).length).toBeLessThan(100);
  });
});

describe("partitionByAddress", () => {
  it.each<[string | undefined, string]>([
    ["192.0.2.1", "192.0.2.1"],
    [undefined, "unknown"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["2001:db8::5", "2001:db8:0:0::/64"],
    ["2001::4:5:6:7:8", "2001:0:0:4::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["1::2:3:4:5:6:7", "1:0:2:3::/64"],
    ["::192.0.2.1", "0:0:0:0::/64"],
  ])("%s is of %s", (address, partition) => {
    expect(partitionByAddress(address)).toBe(partition);
  });
});
