import { describe, expect, it } from "vitest";
import { parseIpAddress, parseSubnet, toPlainAddress } from "../src/ip-address.js";

describe("parseIpAddress", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["2001:DB8:0::7", "2001:db8::7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:207", "192.0.2.7"],
    ["", undefined],
    ["192.0.2.7:80", undefined],
    ["[2001:db8::7]", undefined],
    ["[2001:db8::7]:80", undefined],
    ["fe80::1%eth0", undefined],
    ["192.0.2", undefined],
    ["192.0.2.07", undefined],
    ["192.0.2.7/24", undefined],
    [" 192.0.2.7", undefined],
    ["3221225991", undefined],
    ["turn.example.com", undefined],
  ])("reads %j as %s", (text, address) => {
    expect(parseIpAddress(text)).toBe(address);
  });
});

describe("toPlainAddress", () => {
  it.each([
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["fe80::1%2", "fe80::1"],
    ["::ffff:0:1.2.3.4", "::ffff:0:1.2.3.4"],
    [undefined, undefined],
  ])("%s is %s", (address, plain) => {
    expect(toPlainAddress(address)).toBe(plain);
  });
});

describe("parseSubnet", () => {
  it.each([
    ["10.0.0.0/8", "10.0.0.0", 8, "ipv4"],
    ["0.0.0.0/0", "0.0.0.0", 0, "ipv4"],
    ["192.0.2.7", "192.0.2.7", 32, "ipv4"],
    ["fd00::/8", "fd00::", 8, "ipv6"],
    ["2001:db8::1", "2001:db8::1", 128, "ipv6"],
  ])("reads %s", (text, address, prefixLength, family) => {
    expect(parseSubnet(text)).toEqual({ text, address, prefixLength, family });
  });

  it.each([
    ...["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/-1", "10.0.0.0/8.0"],
    ...["fd00::/129", "[fd00::]/8", "10.0.0.1:80", "proxy.example.com", " 10.0.0.0/8"],
  ])("takes %j for none", (text) => {
    expect(parseSubnet(text)).toBeUndefined();
  });
});
