import { describe, expect, it } from "vitest";
import { isPrivate, readFamily } from "../../page/address.js";

describe("readFamily", () => {
  it.each([
    ["192.0.2.1", "IPv4"],
    ["2a00:1::2", "IPv6"],
    ["0d30968c-3045-444e-bca9-4e061b3beb3c.local", undefined],
  ])("%s: %s", (address, family) => {
    expect(readFamily(address)).toBe(family);
  });
});

describe("isPrivate", () => {
  it.each([
    "10.1.2.3",
    "172.16.0.1",
    "192.168.7.2",
    "100.64.0.1",
    "169.254.1.1",
    "127.0.0.1",
    "::1",
    "fd00::2",
    "fe80::1",
  ])("%s is", (address) => expect(isPrivate(address)).toBe(true));
  it.each(["11.0.0.1", "172.32.0.1", "100.128.0.1", "2a00:1::2", "fc.example.com"])(
    "%s is not",
    (address) => expect(isPrivate(address)).toBe(false),
  );
});
