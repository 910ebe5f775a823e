import { describe, expect, it } from "vitest";
import { adviseOnBrackets } from "../../src/config/ipv6-literal.js";

describe("adviseOnBrackets", () => {
  // livekit#4476
  it.each<[text: string, spellings: string | undefined]>([
    ["turn:2001:db8::1", "[2001:db8::1]"],
    ["turn:2001:db8::abcd", "[2001:db8::abcd]"],
    ["turn:2001:db8::1:3478", "[2001:db8::1]:3478, or [2001:db8::1:3478]"],
    ["turns:2001:db8::1:443?transport=tcp", "[2001:db8::1]:443, or [2001:db8::1:443]"],
    ["turn:1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]"],
    ["turn:1:2:3:4:5:6:7:8:3478", "[1:2:3:4:5:6:7:8]:3478"],
    ["stun:::1", "[::1]"],
    ["stun:fe80::1%eth0", "[fe80::1]"],
    ["fe80::ab", "[fe80::ab]"],
    ["fe80::ab:8080", "[fe80::ab]:8080, or [fe80::ab:8080]"],
    ["redis://user:hunter2@fd00::ab:6379/0", "[fd00::ab]:6379, or [fd00::ab:6379]"],
    ["https://::ffff:192.0.2.1/jwks", "[::ffff:192.0.2.1]"],
    ["turn:[2001:db8::1]:3478", undefined],
    ["turn:example.org:3478", undefined],
    ["turn:1.2.3.4:3478", undefined],
    ["turn:a:b:c", undefined],
    ["", undefined],
  ])("%s", (text, spellings) => {
    expect(adviseOnBrackets(text)).toBe(
      spellings === undefined ? undefined : `Put the address in brackets: ${spellings}`,
    );
  });
});
