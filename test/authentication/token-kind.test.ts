import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TokenKind } from "../../src/authentication/token-kind.js";
import { listTokenKinds } from "../../src/authentication/token-kinds.js";
import {
  TokenRejectedError,
  VerificationUnavailableError,
} from "../../src/authentication/token-rejected-error.js";
import { type TokenVerifier, UnknownToken } from "../../src/authentication/token-verifier.js";
import { TokenVerifiers } from "../../src/authentication/token-verifiers.js";
import { systemTimer } from "../../src/clock.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import { AuthenticationCounts } from "../../src/observability/authentication-counts.js";
import { createOutgoingHttp } from "../../src/outgoing/outgoing-http.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { createHmacSecret, encode, issuer, startSeconds } from "./signing-key.js";
import { authWith, createMovableClock, createRecordingLog, reasonOf } from "./verifier-setup.js";

const rememberedMs = 60_000;

/** Takes whatever is of no other kind, and asks somebody who takes his time. */
class TicketKind implements TokenKind {
  readonly name = "ticket";
  readonly reasons = ["no_ticket", "office_closed"];
  asked: string[] = [];
  isOfficeOpen = true;

  start({ clock }: Parameters<TokenKind["start"]>[0]): ReturnType<TokenKind["start"]> {
    return {
      open: ({ isDenied }) => ({
        sources: [],
        verify: async (token) => {
          this.asked.push(token);
          await new Promise((resolve) => setImmediate(resolve));
          if (!this.isOfficeOpen) {
            throw new VerificationUnavailableError("office_closed");
          }
          const [issuer = "", subject] = token.split("/");
          if (subject === undefined) {
            throw new TokenRejectedError("no_ticket");
          }
          if (isDenied({ issuer, subject, id: undefined })) {
            throw new TokenRejectedError("revoked");
          }
          return {
            caller: { kind: this.name, issuer, subject },
            knownUntilMs: clock() + rememberedMs,
            source: undefined,
          };
        },
      }),
      describe: () => [
        { name: "tickets", help: "Asked.", type: "counter", aggregator: "sum", values: [] },
      ],
    };
  }
}

let directory: TemporaryDirectory;
let kind: TicketKind;
let movable: ReturnType<typeof createMovableClock>;
let verifiers: TokenVerifiers;
let verifier: TokenVerifier;

beforeEach(async () => {
  directory = await createTemporaryDirectory("token-kind");
  kind = new TicketKind();
  movable = createMovableClock();
  verifiers = new TokenVerifiers([...listTokenKinds(), kind], {
    clock: movable.clock,
    monotonicClock: movable.clock,
    startTimer: systemTimer,
    log: createRecordingLog().log,
    outgoing: createOutgoingHttp({}),
    onChange() {},
  });
  const denyListFile = await directory.write("deny.yaml", "deny: [{ subject: mallory }]");
  const keys = { kind: "secret", secret: createHmacSecret(), algorithms: ["HS256"] } as const;
  verifier = verifiers.open(authWith(keys, { denyListFile }), new DiskFiles());
});
afterEach(async () => {
  verifiers.keep();
  await directory.remove();
});

describe("a kind of tokens that is registered", () => {
  it("verifies what no other kind takes, and is asked once while it is remembered", async () => {
    expect(verifier.recognize("office/alice")).toBeInstanceOf(UnknownToken);
    const caller = await verifier.verify("office/alice");
    expect(caller).toMatchObject({ kind: "ticket", issuer: "office", subject: "alice" });
    expect(verifier.recognize("office/alice")).toBe(caller);
    movable.moveSeconds(60);
    expect(verifier.recognize("office/alice")).toBeInstanceOf(UnknownToken);
    await verifier.verify("office/alice");
    expect(kind.asked).toEqual(["office/alice", "office/alice"]);
  });

  it("is not asked about a JWT of an issuer that is configured, but about others", async () => {
    const claim = (iss: string) =>
      `e30.${encode(JSON.stringify({ iss, exp: startSeconds + 1 }))}.AAAA`;
    expect(await reasonOf(() => verifier.verify(claim(issuer)))).toBe("malformed");
    expect(kind.asked).toEqual([]);
    expect(await reasonOf(() => verifier.verify(claim("https://other.test")))).toBe("no_ticket");
    expect(await reasonOf(() => verifier.verify("not.a.JWT"))).toBe("no_ticket");
    expect(kind.asked).toHaveLength(2);
  });

  it("can tell that nobody knows, and is asked again", async () => {
    kind.isOfficeOpen = false;
    await expect(verifier.verify("office/alice")).rejects.toBeInstanceOf(
      VerificationUnavailableError,
    );
    kind.isOfficeOpen = true;
    expect(await verifier.verify("office/alice")).toMatchObject({ subject: "alice" });
  });

  it("gets the deny list", async () => {
    expect(await reasonOf(() => verifier.verify("office/mallory"))).toBe("revoked");
  });

  it("is forgotten as others are, even while it verifies", async () => {
    const pending = verifier.verify("office/alice");
    verifier.forget();
    await pending;
    expect(verifier.recognize("office/alice")).toBeInstanceOf(UnknownToken);
  });

  it("shows in metrics from the start, with its reasons", () => {
    const counts = new AuthenticationCounts([...listTokenKinds(), kind]);
    counts.accept("ticket", "header");
    counts.fail("office_closed");
    const values = counts.describe().flatMap((metric) => metric.values);
    expect(values).toContainEqual({ labels: { kind: "ticket", place: "header" }, value: 1 });
    expect(values).toContainEqual({ labels: { kind: "ticket", place: "query" }, value: 0 });
    expect(values).toContainEqual({ labels: { reason: "office_closed" }, value: 1 });
    expect(values).toContainEqual({ labels: { reason: "no_ticket" }, value: 0 });
    expect(verifiers.describe().map(({ name }) => name)).toContain("tickets");
  });
});

describe("the kinds of tokens", () => {
  it("have names and reasons that say which one is meant", () => {
    const kinds = listTokenKinds();
    const names = kinds.map(({ name }) => name);
    const reasons = kinds.flatMap((each) => each.reasons);
    expect([new Set(names).size, new Set(reasons).size]).toEqual([names.length, reasons.length]);
    expect(names.join("")).toMatch(/^[a-z]+$/);
  });
});
