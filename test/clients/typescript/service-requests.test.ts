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

  it("ends at its timeout with a fetch that does not know signals", async () => {
    const source = createIceServerSource({
      url: "https://ice.test",
      getToken: () => "token",
      timeoutMs: 50,
      fetch: never,
    });
    await expect(source.get()).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("sends a token without the white space around it", async () => {
    const sent: unknown[] = [];
    const source = createIceServerSource({
      url: "https://ice.test",
      getToken: () => "\n token\r\n",
      fetch: async (_, init) => {
        sent.push(new Headers(init?.headers).get("authorization"));
        return new Response("{}", { status: 500 });
      },
    });
    await expect(source.get()).rejects.toMatchObject({ status: 500 });
    expect(sent).toEqual(["Bearer token"]);
  });

  it.each(["secret\nX-Other: one", "secret€", ""])(
    "does not show what cannot be a token in its error: %j",
    async (token) => {
      const source = createIceServerSource({ url: "https://ice.test", getToken: () => token });
      const error: unknown = await source.get().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain("getToken");
      expect(String(error)).not.toContain("secret");
    },
  );
});
