import { describe, expect, it } from "vitest";
import { type Fault, findFault } from "../../src/observability/fault.js";

describe("findFault", () => {
  it.each<[code: string | undefined, fault: Fault]>([
    [undefined, "none"],
    ["ok", "none"],
    ["canceled", "none"],
    ["internal", "server"],
    ["unknown", "server"],
    ["data_loss", "server"],
    ["unavailable", "server"],
    ["deadline_exceeded", "client"],
    ["invalid_argument", "client"],
    ["unauthenticated", "client"],
    ["resource_exhausted", "client"],
    ["unimplemented", "client"],
  ])("takes the code %s for a fault of: %s", (code, fault) => {
    expect(findFault({ code })).toBe(fault);
  });

  it("believes what is on record over the code", () => {
    expect(findFault({ code: "internal", fault: "client" })).toBe("client");
  });
});
