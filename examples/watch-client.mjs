// Watches the servers with Connect, and prints each list. When the stream ends, for example because
// the server restarts, it reconnects after 1 to 5 s. It exits if the server rejects the request.
// In a browser, take createConnectTransport from @connectrpc/connect-web. Run `npm run build` first.
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

const { ICE_URL = "http://127.0.0.1:8080", TOKEN } = process.env;
if (!TOKEN) {
  fail("set TOKEN to the token that npm start printed");
}
const { IceService } = await import("../dist/ice_service_pb.js").catch(() =>
  fail("run `npm run build` first"),
);
const hopeless = [
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.InvalidArgument,
  Code.Unimplemented,
];

const client = createClient(
  IceService,
  createConnectTransport({ baseUrl: ICE_URL, httpVersion: "1.1" }),
);
while (true) {
  try {
    const headers = { Authorization: `Bearer ${TOKEN}` };
    for await (const { response } of client.watchIceServers({ ttlSeconds: 3600 }, { headers })) {
      // What to do with a list in a browser, and elsewhere: docs/refresh.md.
      const servers = response.iceServers.map(({ urls, username }) => ({ urls, username }));
      process.stdout.write(`${JSON.stringify(servers)}\n`);
    }
  } catch (error) {
    const { code, message } = ConnectError.from(error);
    if (hopeless.includes(code)) {
      fail(message);
    }
    process.stderr.write(`cannot watch ${ICE_URL}, retrying: ${message}\n`);
  }
  await sleep(1000 + Math.random() * 4000);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
