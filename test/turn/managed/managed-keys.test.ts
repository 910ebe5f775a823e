import { describe, expect, it } from "vitest";
import { describeService } from "../../../src/turn/managed/managed-keys.js";

const values = { ttlSeconds: 86_400, timeoutSeconds: 2 };
const { identity } = describeService("http", values, "https://turn.example.com/", "secret");

describe("describeService", () => {
  it("gives a service whose limits of requests change the same identity", () => {
    const changed = { ...values, timeoutSeconds: 5, maxPerHour: 20 };
    expect(describeService("http", changed, "https://turn.example.com/", "secret")).toEqual({
      ...{ name: "http", identity, timeoutMs: 5000, maxPerHour: 20 },
    });
  });

  it.each([
    describeService("http-2", values, "https://turn.example.com/", "secret"),
    describeService("http", { ...values, ttlSeconds: 3600 }, "https://turn.example.com/", "secret"),
    describeService("http", values, "https://other.example.com/", "secret"),
    describeService("http", values, "https://turn.example.com/", "other"),
  ])("gives another service another identity", (service) => {
    expect(service.identity).not.toBe(identity);
  });
});
