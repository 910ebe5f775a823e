import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Guard } from "../../src/http/guard.js";
import { Turns } from "../../src/server/turns.js";
import { createFakeClient } from "../http/fake-client.js";

const maxPerTurn = 16;
const names = (count: number) => Array.from({ length: count }, (_, index) => `/${index}`);

function setUp() {
  const begun: string[] = [];
  const turns = new Turns(new Guard({ error() {} }), ({ target }) => void begun.push(target));
  const begin = (target: string) => {
    const client = createFakeClient({ target });
    turns.begin(client.exchange);
    return client;
  };
  const noteLeft = () => turns.noteLeft();
  return { begin, begun, noteLeft };
}

describe("Turns", () => {
  it("begins so many requests in a turn, and the others later, in their order", async () => {
    const { begin, begun } = setUp();
    names(100).map(begin);
    for (let turn = 1; begun.length < 100; turn += 1) {
      expect(begun).toHaveLength(turn * maxPerTurn);
      await nextTurn();
      expect(turn).toBeLessThan(7);
    }
    expect(begun).toEqual(names(100));
  });

  it("begins a request at once, however many there were in earlier turns", async () => {
    const { begin, begun } = setUp();
    for (const name of names(100)) {
      begin(name);
      expect(begun.at(-1)).toBe(name);
      await nextTurn();
    }
  });

  it("begins those that wait before those that arrive", async () => {
    const { begin, begun } = setUp();
    names(maxPerTurn * 2).map(begin);
    await nextTurn();
    begin("/last");
    await nextTurn();
    expect(begun).toEqual([...names(maxPerTurn * 2), "/last"]);
  });

  it("leaves out those whose clients have left meanwhile", async () => {
    const { begin, begun } = setUp();
    const clients = names(maxPerTurn + 2).map(begin);
    clients.at(-2)?.leave();
    await nextTurn();
    expect(begun).toEqual([...names(maxPerTurn), `/${maxPerTurn + 1}`]);
  });

  it("keeps few whose client has left in the place of others", async () => {
    const { begin, begun, noteLeft } = setUp();
    const clients = names(maxPerTurn * 64).map(begin);
    for (const { leave } of clients.slice(maxPerTurn)) {
      leave();
      noteLeft();
    }
    begin("/last");
    await nextTurn();
    expect(begun).toEqual([...names(maxPerTurn), "/last"]);
  });
});
