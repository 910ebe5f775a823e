import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { type CallPage, openCallPage } from "../parts/call-page.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../parts/reconfigurable-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "watch-document-token";
const document = readFileSync(new URL("../../docs/watch.md", import.meta.url), "utf8");
const [, code = ""] = /^```js\n(.*?)^```/ms.exec(document) ?? [];
const seenSchema = z.object({
  lists: z.int(),
  restarts: z.int(),
  firstUrl: z.string().optional(),
  iceTransportPolicy: z.string(),
});
const config = (name: string) => ({
  auth: { connectorTokensFile: "tokens.yaml" },
  ice: {
    stunUrls: [`stun:${name}.example.com`],
    turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] },
    watch: { repeat: "1s" },
  },
});

let callPage: CallPage;
let running: ReconfigurableService;
beforeAll(async () => {
  callPage = await openCallPage();
  running = await startReconfigurableService(config("north"), {
    "tokens.yaml": connectorTokens({ page: token }),
    "turn.secret": "north-north-north-north",
  });
});
afterAll(async () => {
  await callPage?.stop();
  expect(await running?.stop()).toBe(0);
});

it("docs/watch.md: restarts ICE for each new list, not for repeated ones, and keeps the policy", async () => {
  await callPage.page.evaluate(`{
    const ICE_URL = "${running.service.url}";
    const TOKEN = "${token}";
    const connection = new RTCPeerConnection({ iceTransportPolicy: "relay" });
    const seen = { lists: 0, restarts: 0 };
    connection.restartIce = () => {
      seen.restarts += 1;
      RTCPeerConnection.prototype.restartIce.call(connection);
    };
    ${code}
    events.addEventListener("message", () => (seen.lists += 1));
    window.readSeen = () => {
      const { iceServers, iceTransportPolicy } = connection.getConfiguration();
      return { ...seen, firstUrl: iceServers[0]?.urls[0], iceTransportPolicy };
    };
  }`);
  const readSeen = async () => seenSchema.parse(await callPage.page.evaluate("readSeen()"));
  const iceTransportPolicy = "relay";
  await expect.poll(async () => (await readSeen()).lists).toBeGreaterThan(2);
  expect(await readSeen()).toMatchObject({
    restarts: 1,
    firstUrl: "stun:north.example.com",
    iceTransportPolicy,
  });
  await running.configure(config("south"));
  await expect
    .poll(readSeen)
    .toMatchObject({ restarts: 2, firstUrl: "stun:south.example.com", iceTransportPolicy });
});
