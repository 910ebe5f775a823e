import { create, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Call } from "../../src/call/call.js";
import type { UnaryCodec } from "../../src/call/codec.js";
import { orderStages, runCall, type Stage } from "../../src/call/pipeline.js";
import { Reply } from "../../src/call/reply.js";
import { GetIceServersRequestSchema, IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { RequestCounts } from "../../src/observability/request-counts.js";
import type { RequestEntry } from "../../src/observability/request-log.js";
import { Readiness } from "../../src/readiness.js";
import { createFakeClient } from "../http/fake-client.js";

const order = [
  "admitPublic",
  "authenticate",
  "limitCaller",
  "read",
  "checkRights",
  "validate",
  "limitUser",
  "invoke",
  "respond",
] as const;
type StageName = (typeof order)[number];

const upTo = (name: StageName) => order.slice(0, order.indexOf(name) + 1);
const denied = new ConnectError("denied", Code.PermissionDenied);

function throwDenied(): never {
  throw denied;
}

interface Setup {
  /** What a stage does. By default, nothing; `respond` answers. */
  readonly [name: string]: Stage;
}

/** Runs a call whose stages record their names. Its timeout is a minute. */
function startCall(behaviors: Setup = {}, refuse?: UnaryCodec["refuse"]) {
  const client = createFakeClient({});
  const exchange = {
    ...client.exchange,
    guard:
      <Args extends unknown[]>(listener: (...args: Args) => void) =>
      (...args: Args) => {
        try {
          listener(...args);
        } catch (error) {
          exchange.answerer?.fail(error);
        }
      },
  };
  const lines: RequestEntry[] = [];
  const records = {
    requestLog: (_: unknown, entry: RequestEntry) => void lines.push(entry),
    requestCounts: new RequestCounts(),
  };
  const reply = new Reply(exchange, records, new Readiness());
  const codec: UnaryCodec = {
    protocol: "connect",
    problem: undefined,
    timeoutMs: 60_000,
    readMaxBytes: 0,
    maxBodyBytes: 0,
    decode: (): Message => create(GetIceServersRequestSchema),
    respond: () => ({ status: 200, headers: {}, body: "done" }),
    refuse: refuse ?? ((error) => ({ status: 499, headers: {}, body: error.rawMessage })),
  };
  const head = { method: "POST", path: "/", query: "", headers: exchange.headers };
  const call = new Call(IceService.method.getIceServers, codec, reply, head);
  const ends = vi.fn();
  call.onEnd = ends;
  const seen: StageName[] = [];
  const stage =
    (name: StageName): Stage =>
    (running) => {
      seen.push(name);
      return behaviors[name]?.(running);
    };
  const stages = orderStages(
    {
      admitPublic: stage("admitPublic"),
      authenticate: stage("authenticate"),
      limitCaller: stage("limitCaller"),
      checkRights: stage("checkRights"),
      validate: stage("validate"),
      limitUser: stage("limitUser"),
    },
    {
      read: stage("read"),
      invoke: stage("invoke"),
      respond(running) {
        const pending = stage("respond")(running);
        if (pending === undefined) {
          running.record.code = "ok";
          reply.send({ status: 200, headers: {}, body: "done" });
        }
        return pending;
      },
    },
  );
  runCall(call, stages);
  return { call, seen, lines, ends, answer: client.answer, leave: client.leave };
}

/** A stage that waits until the test releases it. */
function createWait() {
  let goOn = () => {};
  const wait = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  return { stage: () => wait, goOn };
}

/** Resolves when everything that needs no further event has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the stages of a call", () => {
  it("run in one order", () => {
    const { seen, answer, lines, ends } = startCall();
    expect(seen).toEqual(order);
    expect(answer()).toMatchObject({ status: 200 });
    expect(lines).toMatchObject([{ code: "ok", status: 200 }]);
    expect(ends).toHaveBeenCalledTimes(1);
  });

  it("run at once where none of them waits", () => {
    const { answer } = startCall();
    expect(answer()?.body).toBe("done");
  });

  it("run in the same order where each of them waits", async () => {
    const wait = () => Promise.resolve();
    const { seen, ends } = startCall(
      Object.fromEntries(order.filter((name) => name !== "respond").map((name) => [name, wait])),
    );
    expect(seen).toEqual(["admitPublic"]);
    await settled();
    expect(seen).toEqual(order);
    expect(ends).toHaveBeenCalledTimes(1);
  });

  it("leave out those that a service does not have", () => {
    const nothing = () => undefined;
    const [read, invoke, respond] = [() => undefined, () => undefined, () => undefined];
    const own = { read, invoke, respond };
    expect(orderStages({}, own)).toEqual([read, invoke, respond]);
    expect(orderStages({ limitCaller: nothing }, own)[0]).toBe(nothing);
  });
});

describe.each(order)("a call that fails in %s", (name) => {
  it.each<[string, Stage]>([
    ["throws", throwDenied],
    ["rejects", () => Promise.reject(denied)],
  ])(
    "runs nothing after it when it %s, and is answered, logged, and ended once",
    async (_, fail) => {
      const { seen, answer, lines, ends } = startCall({ [name]: fail });
      await settled();
      expect(seen).toEqual(upTo(name));
      expect(answer()).toMatchObject({ status: 499, body: "denied" });
      expect(lines).toMatchObject([{ code: "permission_denied", status: 499 }]);
      expect(ends).toHaveBeenCalledTimes(1);
    },
  );
});

describe.each(order.slice(0, -1))("a call that waits in %s", (name) => {
  it("runs nothing after it when its client has left meanwhile", async () => {
    const { stage, goOn } = createWait();
    const { seen, answer, lines, ends, leave } = startCall({ [name]: stage });
    leave();
    goOn();
    await settled();
    expect(seen).toEqual(upTo(name));
    expect(answer()).toBeUndefined();
    expect(lines).toMatchObject([{ code: "canceled", status: undefined }]);
    expect(ends).toHaveBeenCalledTimes(1);
  });

  it("runs nothing after it when its deadline has passed meanwhile", async () => {
    const { stage, goOn } = createWait();
    const { seen, answer, lines, ends } = startCall({ [name]: stage });
    const nowMs = performance.now();
    vi.spyOn(performance, "now").mockReturnValue(nowMs + 60_001);
    goOn();
    await settled();
    expect(seen).toEqual(upTo(name));
    expect(answer()).toMatchObject({ body: "the deadline has passed" });
    expect(lines).toMatchObject([{ code: "deadline_exceeded" }]);
    expect(ends).toHaveBeenCalledTimes(1);
  });

  it("tells who waits as soon as the client leaves", async () => {
    const { stage } = createWait();
    const aborted = vi.fn();
    const { leave } = startCall({
      [name]: (call) => {
        call.signal.addEventListener("abort", aborted);
        return stage();
      },
    });
    expect(aborted).not.toHaveBeenCalled();
    leave();
    expect(aborted).toHaveBeenCalledTimes(1);
  });
});

describe("a call whose error cannot be written", () => {
  it("is answered as an internal error, and ended", () => {
    const { answer, lines, ends } = startCall({ read: throwDenied }, () => {
      throw new Error("a mistake in the codec");
    });
    expect(answer()).toMatchObject({ status: 500 });
    expect(lines).toMatchObject([{ code: "internal", status: 500 }]);
    expect(ends).toHaveBeenCalledTimes(1);
  });
});
