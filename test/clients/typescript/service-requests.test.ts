import { describe, expect, it } from "vitest";
import { createIceServerSource } from "../../../clients/typescript/src/index.js";

const never = () => new Promise<never>(() => {});

describe("a request", () => {
  it.each([
    ["a token that never comes", { getToken: never }],
    [
      "another token that never comes",
      { getToken: (rejected?: string) => (rejected === undefined ? "one" : never()) },
    ],
  ])("ends at its timeout: %s", async (_, { getToken }) => {
    const source = createIceServerSource({
      url: "https://ice.test",
      getToken,
      timeoutMs: 50,
      fetch: async () => new Response("{}", { status: 401 }),
    });
    await expect(source.get()).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
