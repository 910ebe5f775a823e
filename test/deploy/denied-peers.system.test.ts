import { createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { openTransport } from "../../src/probe/open-transport.js";
import { TurnSession } from "../../src/probe/turn-session.js";
import { createCredentialIssuer } from "../../src/turn/providers/shared-secret/turn-credential.js";
import { startCoturn } from "../parts/coturn.js";
import { findServer } from "../parts/held-relay.js";
import { secondsFromNow } from "../parts/real-time.js";

const root = resolve(import.meta.dirname, "../..");
const secret = "north-north-north-north";
const sign = createCredentialIssuer(createSecretKey(secret, "utf8"));

/** coturn's IPv4 ranges miss IPv4 addresses in IPv6 form (CVE-2026-27624). */
const inside = {
  ipv4: ["10.1.2.3", "127.0.0.1", "169.254.169.254", "172.20.1.1", "192.168.1.1", "100.64.0.1"],
  ipv6: ["::1", "fd00::1", "fe80::1", "::ffff:10.1.2.3", "::ffff:127.0.0.1", "64:ff9b::a01:203"],
} as const;
const outside = { ipv4: "203.0.113.7", ipv6: "2001:db8::7" } as const;

describe.each(["docs/production.md", "deploy/helm/ice-service/templates/coturn.yaml"])(
  "the coturn of %s",
  (file) => {
    it("relays to no address of its own network", async () => {
      const text = readFileSync(resolve(root, file), "utf8");
      const extra = text.match(/\bdenied-peer-ip=\S+/g) ?? [];
      const coturn = await startCoturn({ secrets: [secret], ipv6: true, extra });
      const server = await findServer(`turn:127.0.0.1:${coturn.port}`);
      const signal = AbortSignal.timeout(60_000);
      const credential = sign("test", secondsFromNow(600));
      for (const family of ["ipv4", "ipv6"] as const) {
        const transport = await openTransport(server, { signal });
        const session = new TurnSession({ transport, signal }, credential);
        const permits = async (address: string) =>
          (await session.permit({ address, port: 9, family }, signal)).accepted;
        await session.challenge();
        await session.allocate(family);
        for (const address of inside[family]) {
          expect([address, await permits(address)]).toEqual([address, false]);
        }
        expect(await permits(outside[family])).toBe(true);
        transport.close();
      }
      await coturn.stop();
    });
  },
);
