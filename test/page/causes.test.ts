import { describe, expect, it } from "vitest";
import { explainErrors } from "../../page/causes.js";

describe("explainErrors", () => {
  it.each<[codes: number[], cause: string]>([
    [[300], "redirect-loop"],
    [[401], "wrong-secret"],
    [[400], "bad-request"],
    [[403], "forbidden"],
    [[438], "stale-nonce"],
    [[440], "address-family"],
    [[442], "unsupported-transport"],
    [[486], "quota"],
    [[508], "no-capacity"],
    [[500], "server-error"],
    // A server's own answer tells more than that another interface got none.
    [[701, 401, 701], "wrong-secret"],
    // A slow answer has had the browser ask twice; the second nonce replaces the first.
    [[438, 440], "address-family"],
  ])("%j: %s", (codes, cause) => {
    const errors = codes.map((code) => ({ code, text: "" }));
    expect(explainErrors(errors, "udp", 100).name).toBe(cause);
  });

  it.each([[[]], [[{ code: 701, text: "" }]]])(
    "blames a certificate for turns: alone (errors: %j)",
    (errors) => {
      expect(explainErrors(errors, "tls", 12_000)).toMatchObject({ name: "tls-failed" });
      for (const transport of ["udp", "tcp"] as const) {
        const { name, meaning, fix } = explainErrors(errors, transport, 12_000);
        expect(name).toBe("time-out");
        expect(meaning + fix).not.toMatch(/certificate|TLS/);
      }
    },
  );

  it("shows the server's reason phrase, without what pads it", () => {
    const errors = [{ code: 401, text: "Unauthorized.\0\0\0" }];
    expect(explainErrors(errors, "udp", 100)).toMatchObject({ code: 401, detail: "Unauthorized" });
    expect(explainErrors([{ code: 401, text: "" }], "udp", 100)).not.toHaveProperty("detail");
  });

  it.each(["udp", "tls"] as const)(
    "knows a name that Chromium cannot resolve (%s)",
    (transport) => {
      const errors = [{ code: 701, text: "STUN host lookup received error." }];
      expect(explainErrors(errors, transport, 300).name).toBe("name-not-found");
      expect(explainErrors(errors, transport, 12_000).name).toBe("name-not-found");
    },
  );

  it("does not call it a time-out if the browser gave up at once", () => {
    const errors = [{ code: 701, text: "" }];
    for (const transport of ["udp", "tcp"] as const) {
      const { name, meaning, fix } = explainErrors(errors, transport, 300);
      expect(name).toBe("unusable");
      expect(meaning + fix).not.toMatch(/certificate|TLS/);
    }
  });
});
