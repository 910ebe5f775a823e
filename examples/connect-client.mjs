// Asks for the servers with Connect. In a browser, take createConnectTransport from
// @connectrpc/connect-web; the rest stays as it is. Run `npm run build` first: it makes
// dist/ice_service_pb.js of what protoc-gen-es generates from proto/.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { IceService } from "../dist/ice_service_pb.js";

const { ICE_URL = "http://127.0.0.1:8080", TOKEN } = process.env;

const client = createClient(
  IceService,
  createConnectTransport({ baseUrl: ICE_URL, httpVersion: "1.1", useHttpGet: true }),
);
const { iceServers } = await client.getIceServers(
  { ttlSeconds: 3600 },
  { headers: { Authorization: `Bearer ${TOKEN}` } },
);
process.stdout.write(
  `${JSON.stringify(iceServers.map(({ urls, username }) => ({ urls, username })))}\n`,
);
