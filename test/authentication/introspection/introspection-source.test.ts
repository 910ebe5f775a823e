import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { IntrospectionSource } from "../../../src/authentication/introspection/introspection-source.js";
import { createOutgoingHttp } from "../../../src/outgoing/outgoing-http.js";
import {
  type IntrospectionServer,
  say,
  startIntrospectionServer,
} from "../../parts/introspection-server.js";
import { ManualTime } from "../../parts/manual-time.js";
import { createRecordingLog } from "../verifier-setup.js";

let server: IntrospectionServer;
let time: ManualTime;
let source: IntrospectionSource;
let closed: AbortController;
let recording: ReturnType<typeof createRecordingLog>;
/** Answers the requests that were made so far. */
let answers: (() => void)[];

beforeEach(async () => {
  answers = [];
  server = await startIntrospectionServer((request, response) =>
    answers.push(() => say({ active: true })(request, response)),
  );
  time = new ManualTime(1_800_000_000);
  closed = new AbortController();
  recording = createRecordingLog();
  source = new IntrospectionSource({
    url: server.url,
    clock: time.clock,
    log: recording.log,
    outgoing: createOutgoingHttp({}),
    startTimer: time.startTimer,
    timeoutMs: 60_000,
    closed: closed.signal,
  });
});
afterEach(async () => {
  closed.abort();
  await server.close();
});

const ask = (token: string, wait?: { signal: AbortSignal }) =>
  source.ask(token, token, "Basic x", wait).then(
    () => "answered",
    (error) => error.reason,
  );
const askFor = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => ask(`${name}${index}`));
const arrived = (count: number) => expect.poll(() => server.requests).toHaveLength(count);

describe("IntrospectionSource", () => {
  it("makes 16 requests at a time, and lets the others wait in order", async () => {
    const all = askFor(18, "token");
    await arrived(16);
    answers.shift()?.();
    await arrived(17);
    expect(server.requests[16]?.token).toBe("token16");
    for (const answer of answers.splice(0)) {
      answer();
    }
    await arrived(18);
    answers.shift()?.();
    expect(await Promise.all(all)).toEqual(Array(18).fill("answered"));
  });

  it("gives up waiting after 2 seconds", async () => {
    const first = askFor(16, "token");
    await arrived(16);
    const late = ask("late");
    await time.advance(1.9);
    const later = ask("later");
    await time.advance(0.1);
    expect(await late).toBe("introspection_busy");
    answers.shift()?.();
    await arrived(17);
    for (const answer of answers.splice(0)) {
      answer();
    }
    expect(await later).toBe("answered");
    await time.advance(10);
    expect(await Promise.all(first)).toEqual(Array(16).fill("answered"));
  });

  it("lets 1,000 wait", async () => {
    const all = askFor(1017, "token");
    expect(await all[1016]).toBe("introspection_busy");
    await time.advance(2);
    expect(await Promise.all(all.slice(16, 1016))).toEqual(Array(1000).fill("introspection_busy"));
  });

  it("lets a caller leave, without an effect on others", async () => {
    const controller = new AbortController();
    const leaving = ask("token", controller);
    const staying = ask("token");
    await arrived(1);
    controller.abort();
    expect(await leaving).toBe("cancelled");
    answers.shift()?.();
    expect(await staying).toBe("answered");
  });

  it("ends requests when the process stops, also after it was retired", async () => {
    const asked = ask("token");
    await arrived(1);
    source.retire();
    closed.abort();
    expect(await asked).toBe("introspection_unavailable");
    expect(recording.lines).toEqual([]);
  });

  it("finishes requests after it was retired, those in line included", async () => {
    const all = askFor(17, "token");
    await arrived(16);
    source.retire();
    answers.shift()?.();
    await arrived(17);
    for (const answer of answers.splice(0)) {
      answer();
    }
    expect(await Promise.all(all)).toEqual(Array(17).fill("answered"));
  });

  it("does not log how a request fails after it was retired", async () => {
    const asked = ask("token");
    await arrived(1);
    source.retire();
    await server.close();
    expect(await asked).toBe("introspection_unavailable");
    expect(recording.lines).toEqual([]);
  });
});
