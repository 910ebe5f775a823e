import { describe, expect, it } from "vitest";
import { explainErrors } from "../../page/causes.js";

describe("explainErrors", () => {
  it.each<[codes: number[], cause: string]>([
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
  ])("%j: %s", (codes, cause) => {
    const errors = codes.map((code) => ({ code, text: "" }));
    expect(explainErrors(errors, "udp").name).toBe(cause);
  });

  it.each([[[]], [[{ code: 701, text: "" }]]])(
    "blames a certificate for turns: alone (errors: %j)",
    (errors) => {
      expect(explainErrors(errors, "tls")).toMatchObject({ name: "tls-failed" });
      for (const transport of ["udp", "tcp"] as const) {
        const { name, meaning, fix } = explainErrors(errors, transport);
        expect(name).toBe("time-out");
        expect(meaning + fix).not.toMatch(/certificate|TLS/);
      }
    },
  );
});
