import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { startPageBrowser } from "../parts/diagnostic-page.js";
import { runPython } from "../parts/python.js";
import { secondsFromNow } from "../parts/real-time.js";
import { networkSecret, type RelayNetwork, startRelayNetwork } from "../parts/relay-network.js";

const read = (file: string) =>
  readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");
/** The code block of docs/refresh.md that contains a name. */
const findCode = (name: string) =>
  [...read("docs/refresh.md").matchAll(/^```\w+\n(.*?)^```/gms)]
    .map(([, code = ""]) => code)
    .find((code) => code.includes(name));

function createIceServer(url: string, name: string) {
  const username = `${secondsFromNow(600)}:${name}`;
  const credential = createHmac("sha1", networkSecret).update(username).digest("base64");
  return { urls: [url], username, credential };
}

let network: RelayNetwork;
let near: Coturn;
let far: Coturn;
beforeAll(async () => {
  network = await startRelayNetwork();
  near = await startCoturn({ secrets: [networkSecret] });
  far = await network.startCoturn("11.0.0.10", { extra: ["verbose"] });
});
afterAll(async () => {
  await near?.stop();
  await network?.stop();
});

/** A call over relays only, which renegotiates whenever it must. */
const call = `
  const connect = async (iceServers) => {
    const configuration = { iceServers, iceTransportPolicy: "relay", bundlePolicy: "max-bundle" };
    const caller = new RTCPeerConnection(configuration);
    const callee = new RTCPeerConnection(configuration);
    caller.onicecandidate = ({ candidate }) => callee.addIceCandidate(candidate ?? undefined);
    callee.onicecandidate = ({ candidate }) => caller.addIceCandidate(candidate ?? undefined);
    caller.onnegotiationneeded = async () => {
      await caller.setLocalDescription();
      await callee.setRemoteDescription(caller.localDescription);
      await callee.setLocalDescription();
      await caller.setRemoteDescription(callee.localDescription);
    };
    const channel = caller.createDataChannel("data");
    await new Promise((resolve) => { channel.onopen = resolve; });
    return caller;
  };
  const findRelay = async (connection) => {
    const stats = await connection.getStats();
    const { selectedCandidatePairId } = [...stats.values()].find(({ type }) => type === "transport");
    const local = stats.get(stats.get(selectedCandidatePairId)?.localCandidateId);
    return local && local.address + ":" + local.port;
  };
  const findOtherRelay = async (connection, known) => {
    for (;;) {
      const found = await findRelay(connection);
      if (found !== undefined && found !== known) {
        return found;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
`;

describe.each(["Chromium", "Firefox"] as const)("useIceServers in %s", (name) => {
  it("moves a call to a relay with the new credential, and keeps the policy", async () => {
    const browser = await startPageBrowser[name]({ on: network.outside });
    const servers = ["old", "new"].map((each) => createIceServer("turn:11.0.0.10", name + each));
    await browser.goto("data:text/html,<title>Refresh</title>");
    const outcome = await browser.evaluate(`(async () => {
      ${call}
      ${findCode("function useIceServers")}
      const [before, after] = ${JSON.stringify(servers)};
      const connection = await connect([before]);
      const first = await findOtherRelay(connection);
      useIceServers(connection, [after]);
      await findOtherRelay(connection, first);
      const { iceTransportPolicy, bundlePolicy } = connection.getConfiguration();
      return { iceTransportPolicy, bundlePolicy };
    })()`);
    expect(outcome).toEqual({ iceTransportPolicy: "relay", bundlePolicy: "max-bundle" });
    await expect
      .poll(() => far.output())
      .toMatch(new RegExp(`user <\\d+:${name}new>.*ALLOCATE processed, success`));
    await browser.stop();
  });
});

const gatheredSchema = z.object({ candidates: z.array(z.string()) });
const python = (script: string, input: unknown) =>
  runPython(["-c", script], { input: JSON.stringify(input), timeoutMs: 60_000 });

describe("aiortc", () => {
  it("gathers a relay candidate with to_configuration", async () => {
    const script = `import asyncio, json, sys
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection
${findCode("def to_configuration")}
async def gather():
    connection = RTCPeerConnection(to_configuration(json.load(sys.stdin)))
    connection.createDataChannel("data")
    await connection.setLocalDescription(await connection.createOffer())
    print(connection.localDescription.sdp)
    await connection.close()
asyncio.run(gather())`;
    const servers = [createIceServer(`turn:127.0.0.1:${near.port}`, "aiortc")];
    expect(await python(script, servers)).toMatch(/ typ relay /);
  });
});

describe("GStreamer", () => {
  it("gathers a relay candidate with to_turn_uri, whatever characters the credential has", async () => {
    const url = `turn:127.0.0.1:${near.port}?transport=tcp`;
    const { username, credential } = findAwkwardServer(url);
    const script = `import json, sys
from urllib.parse import quote
${findCode("def to_turn_uri")}
print(to_turn_uri(*json.load(sys.stdin)))`;
    const uri = (await python(script, [url, username, credential])).trim();
    expect(uri).not.toContain(credential);
    const gather = fileURLToPath(new URL("../parts/gather_with_gstreamer.py", import.meta.url));
    const output = await runPython([gather], { input: JSON.stringify([uri]), timeoutMs: 60_000 });
    const { candidates } = gatheredSchema.parse(JSON.parse(output));
    expect(candidates.join("\n")).toMatch(/ typ relay /);
  });
});

/** A server whose credential has a slash and a plus. */
function findAwkwardServer(url: string) {
  for (let index = 0; ; index += 1) {
    const server = createIceServer(url, `gstreamer-${index}`);
    if (/\/.*\+|\+.*\//.test(server.credential)) {
      return server;
    }
  }
}
