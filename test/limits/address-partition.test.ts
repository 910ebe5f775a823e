import { describe, expect, it } from "vitest";
import { partitionByAddress } from "../../src/limits/address-partition.js";

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
