import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { RequestQueue } from "../../src/server/request-queue.js";

const addAll = (queue: RequestQueue, count: number) =>
  Array.from({ length: count }, () => queue.add());

describe("RequestQueue", () => {
  it("is the same for all requests of a connection", () => {
    const socket = new Socket();
    expect(RequestQueue.of(socket)).toBe(RequestQueue.of(socket));
    expect(RequestQueue.of(new Socket())).not.toBe(RequestQueue.of(socket));
  });

  it("may be long while every answer has an end", () => {
    const queue = RequestQueue.of(new Socket());
    addAll(queue, 1000);
    expect(queue.isOverfull).toBe(false);
  });

  it.each(["before", "after"])(
    "is overfull with nine requests that came %s a stream began",
    (when) => {
      const queue = RequestQueue.of(new Socket());
      const [stream = 0] = addAll(queue, 1);
      if (when === "after") {
        queue.beginStream(stream);
      }
      addAll(queue, 8);
      queue.beginStream(stream);
      expect(queue.isOverfull).toBe(false);
      addAll(queue, 1);
      expect(queue.isOverfull).toBe(true);
      queue.endStream(stream);
      expect(queue.isOverfull).toBe(false);
    },
  );
});
