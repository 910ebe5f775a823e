import { describe, expect, it } from "vitest";
import { startBlindService } from "../parts/blind-service.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createSubjectTokens } from "../parts/subject-tokens.js";

/** One of each kind that a terminal or a reader of lines may act on, or that nobody sees. */
const subject = [
  "a\u001b[31m\rb",
  "\u007f\u0085\u009b31m",
  "\u00ad\u061c\u200b\u200e\u2028\u2029\u202e\u2066\ufeff",
  "\u{e0001}\u{e0041}\u{110bd}",
  "\u3164z é 名前",
].join("");
const unprintable = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u3164]/u;

const tokens = createSubjectTokens();
const route = "/api/v1/ice-servers";

/** Calls once well and once with a wrong parameter, and starts more watches than it may. */
async function call(service: IceService): Promise<void> {
  const headers = { authorization: `Bearer ${await tokens.sign(subject)}` };
  expect((await fetch(service.url + route, { headers })).status).toBe(200);
  expect((await fetch(`${service.url}${route}?region=x%E2%80%AE`, { headers })).status).toBe(400);
  const watch = new AbortController();
  const first = await fetch(`${service.url}${route}:watch`, { headers, signal: watch.signal });
  expect(first.status).toBe(200);
  expect((await fetch(`${service.url}${route}:watch`, { headers })).status).toBe(429);
  watch.abort();
}

const start = (format: string) =>
  startIceService({
    files: tokens.files,
    config: { auth: { jwt: tokens.jwt }, limits: { watchesPerCaller: 1 }, log: { format } },
  });

describe("what a caller chooses, in the log", () => {
  it("is escaped in JSON, and the same once it is read", async () => {
    const service = await start("json");
    try {
      await call(service);
      const caller = { kind: "jwt", issuer: "https://issuer.test", name: subject };
      await expect
        .poll(() => service.logs().filter((line) => line["caller"] !== undefined).length)
        .toBeGreaterThanOrEqual(3);
      for (const line of service.logs().filter((line) => line["caller"] !== undefined)) {
        expect(line["caller"]).toEqual(caller);
      }
    } finally {
      await service.stop();
    }
    expect(service.stderr()).not.toMatch(unprintable);
    expect(service.stderr()).toContain("\\u202e");
    expect(service.stderr()).toContain("\\udb40\\udc41");
  });

  it("is escaped in what people read, too, and names the caller", async () => {
    const shell = `exec "$@"`;
    const service = await startBlindService({
      shell,
      workers: 1,
      subject,
      log: { format: "pretty" },
    });
    try {
      expect(await service.call()).toBe(200);
      await expect.poll(service.stderr).toContain("request");
    } finally {
      await service.stop();
    }
    expect(service.stderr()).not.toMatch(unprintable);
    expect(service.stderr()).toMatch(
      /"kind":"jwt","issuer":"[^"]+","name":"a.*u001b\[31m.*\\u202e.*名前"/,
    );
  });
});
