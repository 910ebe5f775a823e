import { createSecretKey } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.js";
import { measureLifetime, type RelayLifetime } from "../../src/probe/relay-lifetime.js";
import { createCredentialIssuer } from "../../src/turn/providers/shared-secret/turn-credential.js";
import { startCoturn } from "../parts/coturn.js";
import { startEturnalEngine } from "../parts/eturnal-engine.js";
import { findServer } from "../parts/held-relay.js";

const secret = "north-north-north-north";
const sign = createCredentialIssuer(createSecretKey(secret, "utf8"));
const overTcp = "?transport=tcp";

async function measure(port: number, query: string): Promise<RelayLifetime> {
  return measureLifetime(await findServer(`turn:127.0.0.1:${port}${query}`), {
    timeoutMs: 5_000,
    clock: systemClock,
    issue: (expiresAtSeconds) => sign("probe", expiresAtSeconds),
  });
}

const start = (options: object = {}) => startCoturn({ secrets: [secret], ...options });
const servers = {
  coturn: () => start(),
  "coturn that denies its peer": () => start({ extra: ["denied-peer-ip=127.0.0.1"] }),
  "coturn whose clock is behind": () => start({ clockAheadSeconds: -3600 }),
  "coturn with another secret": () => start({ secrets: ["east-east-east-east"] }),
  "eturnal, lax": () => startEturnalEngine(secret, "lax"),
  "eturnal, strict": () => startEturnalEngine(secret, "strict"),
} as const;

/** All at a time, since each takes 12 seconds. */
const found = new Map<string, RelayLifetime>();
beforeAll(async () => {
  const names = Object.keys(servers) as (keyof typeof servers)[];
  const running = await Promise.all(
    names.map(async (name) => ({ name, ...(await servers[name]()) })),
  );
  await Promise.all(
    running.flatMap(({ name, port }) =>
      ["", overTcp].map(async (query) => found.set(name + query, await measure(port, query))),
    ),
  );
  await Promise.all(running.map((server) => server.stop()));
}, 120_000);

describe("measureLifetime", () => {
  it.each<[keyof typeof servers, RelayLifetime["verdict"], detail: string]>([
    [
      "coturn",
      "outlives",
      "packets still cross, Refresh is accepted, CreatePermission is accepted",
    ],
    [
      "coturn that denies its peer",
      "outlives",
      "packets never crossed, Refresh is accepted, CreatePermission is refused with 403 (Forbidden IP)",
    ],
    [
      "coturn whose clock is behind",
      "unknown",
      "a new relay is given for a credential that has expired: compare the clocks",
    ],
    [
      "coturn with another secret",
      "unknown",
      'wrong-secret: the server answers 401 (Unauthorized), in the realm "turn.test"',
    ],
    [
      "eturnal, lax",
      "outlives",
      "packets still cross, Refresh is accepted, CreatePermission is accepted",
    ],
    [
      "eturnal, strict",
      "ends-unrefreshed",
      "packets still cross, Refresh is refused with 401 (Unauthorized), CreatePermission is refused with 401 (Unauthorized)",
    ],
  ])("finds that %s: %s", (server, verdict, detail) => {
    expect(found.get(server)).toEqual({ verdict, detail });
    expect(found.get(server + overTcp)).toEqual({ verdict, detail });
  });
});
