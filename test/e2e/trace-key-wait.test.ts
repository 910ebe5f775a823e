import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { createSigningKey } from "../authentication/signing-key.js";
import { startJwksServer, text } from "../parts/jwks-server.js";
import { eventually, route, withReceiver } from "../parts/traced-service.js";

const internalKind = 1;
const serverKind = 2;

describe("a call that waits for the issuer's keys", () => {
  it("has a span for that", async () => {
    const key = createSigningKey("ES256");
    const issuer = "https://traces.test";
    const subject = "traces-test-subject";
    const jwks = await startJwksServer((_, response) => {
      const answer = text(JSON.stringify({ keys: [key.jwk] }));
      setTimeout(() => answer(_, response), 300);
    });
    const jwt = await new SignJWT({})
      .setProtectedHeader({ alg: "ES256", kid: key.jwk.kid })
      .setIssuer(issuer)
      .setAudience("ice")
      .setSubject(subject)
      .setExpirationTime("5m")
      .sign(key.privateKey);
    const auth = { jwt: [{ issuer, audience: "ice", jwksUrl: jwks.url.href }] };
    try {
      await withReceiver(
        {},
        async (service, receiver) => {
          // An unknown key makes it ask once more.
          const [header = "", ...rest] = jwt.split(".");
          const unknown = Buffer.from(
            JSON.stringify({
              ...JSON.parse(Buffer.from(header, "base64url").toString()),
              kid: "x",
            }),
          ).toString("base64url");
          await fetch(service.url + route, {
            headers: { authorization: `Bearer ${[unknown, ...rest].join(".")}` },
          });
          await eventually(() => receiver.spans().length).toBe(2);
          const [step, call] = receiver.spans();
          expect(step).toMatchObject({
            name: "verify token",
            kind: internalKind,
            traceId: call?.traceId,
            parentSpanId: call?.spanId,
            attributes: {},
          });
          expect(call).toMatchObject({ name: `GET ${route}`, kind: serverKind });
          expect(Number((step?.endNanos ?? 0n) - (step?.startNanos ?? 0n))).toBeGreaterThan(200e6);
          expect(step?.startNanos).toBeGreaterThanOrEqual(call?.startNanos ?? 0n);
          expect(step?.endNanos).toBeLessThanOrEqual(call?.endNanos ?? 0n);
          const exported = receiver.exports.map(({ body }) => body.toString("latin1")).join();
          expect(exported).not.toContain(subject);
          expect(exported).not.toContain("hidden");
        },
        { config: { auth } },
      );
    } finally {
      await jwks.close();
    }
  });
});
