import { describe, expect, it } from "vitest";
import { describeAudienceMismatch } from "../../src/authentication/audience-mismatch.js";

describe("describeAudienceMismatch", () => {
  it.each<[aud: unknown, detail: string]>([
    ["api", `the token's aud ("api") contains none of "ice", "turn"`],
    [["account", "api"], `the token's aud ("account", "api") contains none of "ice", "turn"`],
    [["ice ", 7], `the token's aud ("ice ", "7") contains none of "ice", "turn"`],
    [undefined, `the token has no aud, which must contain one of "ice", "turn"`],
  ])("%j", (aud, detail) => {
    expect(describeAudienceMismatch("aud", aud, ["ice", "turn"])).toBe(detail);
  });

  it("names the claim that an issuer has instead of aud", () => {
    expect(describeAudienceMismatch("azp", undefined, ["ice"])).toBe(
      `the token has no azp, which must contain one of "ice"`,
    );
  });
});
