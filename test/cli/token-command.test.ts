import { describe, expect, it, vi } from "vitest";
import { newToken } from "../../src/cli/token-command.js";

describe("newToken", () => {
  it.each(["36501d", "3000000d", "999999999d", "999999999d999999999s", "0s", "soon", ""])(
    "refuses to let a token expire after %s",
    (expires) => {
      expect(() => newToken({ name: "signaling", expires })).toThrow(
        `--expires: ${JSON.stringify(expires)} is not a duration from 1s to 36500d`,
      );
    },
  );

  it("lets a token expire after a hundred years", () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      expect(newToken({ name: "signaling", expires: "36500d" })).toBe(0);
      expect(write).toHaveBeenCalledWith(expect.stringMatching(/expires: 21\d\d-/));
    } finally {
      write.mockRestore();
    }
  });
});
