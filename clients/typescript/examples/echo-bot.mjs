// A bot that answers one call and echoes its messages. It reads the SDP of an offer with all candidates from
// standard input, and prints the SDP of its answer. It needs `npm install node-datachannel`.
import { text } from "node:stream/consumers";
import { PeerConnection } from "node-datachannel";
import { createIceServerSource, toTurnUri } from "../dist/index.js";

const { ICE_URL = "http://127.0.0.1:8080", TOKEN } = process.env;
if (!TOKEN) {
  process.stderr.write("set TOKEN to the token that npm start printed\n");
  process.exit(2);
}
const source = createIceServerSource({ url: ICE_URL, getToken: () => TOKEN });
const offer = await text(process.stdin);
// The source has it ready for the next call, too: one request serves many.
const { iceServers } = await source.get();
const call = new PeerConnection("echo-bot", {
  // libdatachannel takes the credential within the URL.
  iceServers: iceServers.flatMap((server) =>
    server.urls.map((url) => (url.startsWith("turn") ? toTurnUri(server, url) : url)),
  ),
  iceTransportPolicy: process.argv.includes("--relay") ? "relay" : "all",
});
call.onDataChannel((channel) => {
  channel.onMessage((message) => channel.sendMessage(message));
  channel.onClosed(() => call.close());
});
call.onStateChange((state) => {
  if (["closed", "disconnected", "failed"].includes(state)) {
    process.exit();
  }
});
call.onGatheringStateChange((state) => {
  if (state === "complete") {
    process.stdout.write(`${call.localDescription().sdp}\n`);
  }
});
call.setRemoteDescription(offer, "offer");
