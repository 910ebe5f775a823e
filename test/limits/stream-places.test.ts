import { describe, expect, it } from "vitest";
import { StreamPlaces } from "../../src/limits/stream-places.js";

describe("StreamPlaces", () => {
  it("bounds each connection by itself", () => {
    const places = new StreamPlaces(2, () => 10);
    const [one, other] = [{}, {}];
    const leave = places.take(one);
    expect(places.take(one)).toBeDefined();
    expect(places.take(one)).toBeUndefined();
    expect(places.take(other)).toBeDefined();
    leave?.();
    expect(places.take(one)).toBeDefined();
    expect(places.taken).toBe(3);
  });

  it("gives a place back once, however often it is left", () => {
    const places = new StreamPlaces(2, () => 10);
    const connection = {};
    const leave = places.take(connection);
    places.take(connection);
    leave?.();
    leave?.();
    expect(places.taken).toBe(1);
    expect(places.take(connection)).toBeDefined();
    expect(places.take(connection)).toBeUndefined();
  });

  it("follows a change of the total", () => {
    let total = 1;
    const places = new StreamPlaces(8, () => total);
    const leave = places.take({});
    expect(places.take({})).toBeUndefined();
    total = 2;
    expect(places.take({})).toBeDefined();
    total = 1;
    leave?.();
    expect(places.take({})).toBeUndefined();
  });
});
