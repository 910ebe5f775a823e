// Watches the servers with Connect, and prints each list. When the stream ends, as it does when the
// server restarts, it watches again after a while; not when it is told to do something else first.
// In a browser, take createConnectTransport from @connectrpc/connect-web. Run `npm run build` first.
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { IceService } from "../dist/ice_service_pb.js";

const { ICE_URL = "http://127.0.0.1:8080", TOKEN } = process.env;
const hopeless = [Code.Unauthenticated, Code.InvalidArgument, Code.Unimplemented];

const client = createClient(
  IceService,
  createConnectTransport({ baseUrl: ICE_URL, httpVersion: "1.1" }),
);
while (true) {
  try {
    const headers = { Authorization: `Bearer ${TOKEN}` };
    for await (const { response } of client.watchIceServers({ ttlSeconds: 3600 }, { headers })) {
      // In a browser: connection.setConfiguration({ iceServers: response.iceServers })
      const servers = response.iceServers.map(({ urls, username }) => ({ urls, username }));
      process.stdout.write(`${JSON.stringify(servers)}\n`);
    }
  } catch (error) {
    if (hopeless.includes(ConnectError.from(error).code)) {
      throw error;
    }
  }
  await sleep(1000 + Math.random() * 4000);
}
