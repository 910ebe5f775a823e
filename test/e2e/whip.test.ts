import { networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { toLinkHeaders } from "../../src/ice/ice-server-forms.js";
import { startProcess } from "../parts/child-process.js";
import { startCoturn } from "../parts/coturn.js";
import { startIceService } from "../parts/ice-service.js";
import { startJanus } from "../parts/janus.js";
import { connectorTokens } from "../parts/tokens.js";
import { startWhipClient } from "../parts/whip-client.js";

const token = "whip-test-token";
const whipToken = "whip-test-token-of-publishers";
const secret = "whip-test-secret";
const endpointFile = fileURLToPath(new URL("../../examples/whip-endpoint.mjs", import.meta.url));
/** Janus has no candidates on loopback, and no relay on loopback reaches it. */
function findOwnAddress(): string {
  const addresses = Object.values(networkInterfaces()).flat();
  const own = addresses.find((each) => each?.family === "IPv4" && !each.internal)?.address;
  if (own === undefined) {
    throw new Error("this machine has no IPv4 address but those on loopback");
  }
  return own;
}

it("a WHIP client publishes through the relay that the example's Link headers name", async () => {
  const own = findOwnAddress();
  const stops: (() => unknown)[] = [];
  try {
    const coturn = await startCoturn({
      secrets: [secret],
      relayIps: [own],
      extra: [`listening-ip=${own}`, "verbose"],
    });
    stops.push(coturn.stop);
    const janus = await startJanus({});
    stops.push(janus.stop);
    const service = await startIceService({
      files: { "tokens.yaml": connectorTokens({ whip: token }, ["whip"]), "turn.secret": secret },
      config: {
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: {
          stunUrls: [],
          turn: {
            urls: [`turn:${own}:${coturn.port}?transport=udp`],
            secretFiles: ["turn.secret"],
            identity: "subject",
          },
        },
      },
    });
    stops.push(service.stop);
    const endpoint = startProcess({
      name: "whip-endpoint",
      command: process.execPath,
      args: [endpointFile],
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      env: {
        ICE_URL: service.url,
        JANUS_URL: janus.url,
        TOKEN: token,
        WHIP_TOKEN: whipToken,
        PORT: "0",
      },
    });
    stops.push(() => endpoint.stop());
    const url = await endpoint.untilReady(() => /^http\S+/.exec(endpoint.stdout())?.[0]);
    expect((await fetch(`${url}camera`, { method: "OPTIONS" })).status).toBe(401);
    const options = await fetch(`${url}camera`, {
      method: "OPTIONS",
      headers: { Authorization: `Bearer ${whipToken}` },
    });
    const links = options.headers.get("link") ?? "";
    const [, username = "", credential = ""] =
      /username="(.+?)"; credential="(.+?)"/.exec(links) ?? [];
    const urls = [`turn:${own}:${coturn.port}?transport=udp`];
    // As `ice-service ice-servers --format link` prints them.
    expect([links]).toEqual(toLinkHeaders([{ urls, username, credential }]));

    const client = await startWhipClient(`${url}camera`, whipToken);
    stops.push(client.stop);
    await expect
      .poll(() => coturn.output(), { timeout: 30_000 })
      .toMatch(/username=<\d+:f9a36fec\.whip\/camera>/);
    await expect.poll(() => janus.output(), { timeout: 30_000 }).toContain("WebRTC media is now");
  } finally {
    for (const stop of stops.reverse()) {
      await stop();
    }
  }
});
