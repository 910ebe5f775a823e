// Asks for the servers with Connect. In a browser, take createConnectTransport from
// @connectrpc/connect-web; the rest stays as it is. Run `npm run build` first: it makes
// dist/ice_service_pb.js of what protoc-gen-es generates from proto/.
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

const { ICE_URL = "http://127.0.0.1:8080", TOKEN } = process.env;
if (!TOKEN) {
  fail("set TOKEN to the token that npm start printed");
}
const { IceService } = await import("../dist/ice_service_pb.js").catch(() =>
  fail("run `npm run build` first"),
);

const client = createClient(
  IceService,
  createConnectTransport({ baseUrl: ICE_URL, httpVersion: "1.1", useHttpGet: true }),
);
const { iceServers } = await client
  .getIceServers({ ttlSeconds: 3600 }, { headers: { Authorization: `Bearer ${TOKEN}` } })
  .catch((error) => fail(ConnectError.from(error).message));
process.stdout.write(
  `${JSON.stringify(iceServers.map(({ urls, username }) => ({ urls, username })))}\n`,
);

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
