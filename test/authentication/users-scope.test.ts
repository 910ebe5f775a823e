import { describe, expect, it } from "vitest";
import { readUsersRight } from "../../src/authentication/users-scope.js";

const missing = { missingScope: "ice:users" };

describe("readUsersRight", () => {
  it.each<[claims: Record<string, unknown>, right: unknown]>([
    [{ scope: "ice:users" }, "granted"],
    [{ scope: "openid ice:users profile" }, "granted"],
    [{ scp: ["openid", "ice:users"] }, "granted"],
    [{ scp: "openid ice:users" }, "granted"],
    [{ scope: "openid", scp: ["ice:users"] }, "granted"],
    [{}, missing],
    [{ scope: "" }, missing],
    [{ scope: "ice:users2 xice:users ICE:USERS" }, missing],
    [{ scope: "ice:users,openid" }, missing],
    [{ scp: ["openid ice:users"] }, missing],
    [{ scp: { "ice:users": true } }, missing],
    [{ scp: [["ice:users"]] }, missing],
    [{ scope: null, scp: 7 }, missing],
    [{ roles: ["ice:users"] }, missing],
  ])("reads %o as %o", (claims, right) => {
    expect(readUsersRight(claims, "ice:users")).toEqual(right);
  });
});
