import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { Guard } from "../../src/http/guard.js";
import { ConnectionAges } from "../../src/server/connection-ages.js";
import { ManualTime } from "../parts/manual-time.js";

function createAges(random = () => 0.5 as number) {
  const time = new ManualTime(1_000);
  const { clock, startTimer } = time;
  const ages = new ConnectionAges({ clock, startTimer, random }, new Guard({ error() {} }));
  const retired: string[] = [];
  function add(name: string): Socket {
    const socket = new Socket();
    ages.add(socket, () => retired.push(name));
    return socket;
  }
  return { ages, time, retired, add };
}

describe("ConnectionAges", () => {
  it("retires a connection once, at its age", async () => {
    const { ages, time, retired, add } = createAges();
    ages.limit(60_000);
    add("one");
    await time.advance(59);
    expect(retired).toEqual([]);
    await time.advance(1);
    expect(retired).toEqual(["one"]);
    await time.advance(600);
    expect(retired).toEqual(["one"]);
    expect(time.timerCount).toBe(0);
  });

  it.each([
    [0, 54],
    [0.25, 57],
    [1, 66],
  ])(
    "retires it up to 10 %% earlier or later: at the random number %d, after %d s",
    async (random, seconds) => {
      const { ages, time, retired, add } = createAges(() => random);
      ages.limit(60_000);
      add("one");
      await time.advance(seconds - 1);
      expect(retired).toEqual([]);
      await time.advance(1);
      expect(retired).toEqual(["one"]);
    },
  );

  it("retires each at its own time, and none that has closed", async () => {
    const { ages, time, retired, add } = createAges();
    ages.limit(60_000);
    add("first");
    await time.advance(10);
    const second = add("second");
    await time.advance(10);
    add("third");
    second.destroy();
    await time.advance(40);
    expect(retired).toEqual(["first"]);
    await time.advance(20);
    expect(retired).toEqual(["first", "third"]);
  });

  it("has no timer and retires nothing without a limit", async () => {
    const { ages, time, retired, add } = createAges();
    add("before");
    ages.limit(60_000);
    ages.limit(undefined);
    add("after");
    expect(time.timerCount).toBe(0);
    await time.advance(100_000);
    expect(retired).toEqual([]);
  });

  it("applies a changed limit to new connections", async () => {
    const { ages, time, retired, add } = createAges();
    ages.limit(60_000);
    add("old");
    ages.limit(10_000);
    add("new");
    await time.advance(10);
    expect(retired).toEqual(["new"]);
    await time.advance(50);
    expect(retired).toEqual(["new", "old"]);
  });

  it("waits for days, longer than a timer can", async () => {
    const { ages, time, retired, add } = createAges();
    ages.limit(30 * 86_400_000);
    add("one");
    await time.advance(30 * 86_400 - 1);
    expect(retired).toEqual([]);
    await time.advance(1);
    expect(retired).toEqual(["one"]);
  });
});
