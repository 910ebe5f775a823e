// Asks for the servers with @grpc/grpc-js, loading the schema at run time. With an https: URL the call
// goes over TLS; GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names a PEM file of other authorities to trust.
import { credentials, loadPackageDefinition, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const { ICE_URL = "http://127.0.0.1:8080", TOKEN } = process.env;
if (!TOKEN) {
  fail("set TOKEN to the token that npm start printed");
}
if (!URL.canParse(ICE_URL) || !/^https?:$/.test(new URL(ICE_URL).protocol)) {
  fail("set ICE_URL to the service's URL, such as https://ice.example.com");
}
const { protocol, hostname, port } = new URL(ICE_URL);
const isSecure = protocol === "https:";
// gRPC takes 443 where there is no port, whatever the scheme.
const target = `${hostname}:${port || (isSecure ? 443 : 80)}`;

const { ice } = loadPackageDefinition(
  loadSync("ice/v1/ice_service.proto", {
    includeDirs: ["proto", "third_party/proto"].map(
      (folder) => new URL(`../${folder}`, import.meta.url).pathname,
    ),
  }),
);
const client = new ice.v1.IceService(
  target,
  isSecure ? credentials.createSsl() : credentials.createInsecure(),
);
const metadata = new Metadata();
metadata.set("authorization", `Bearer ${TOKEN}`);

client.getIceServers(
  { ttlSeconds: 3600 },
  metadata,
  { deadline: Date.now() + 5000 },
  (error, response) => {
    if (error) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    } else {
      process.stdout.write(`${JSON.stringify(response.iceServers)}\n`);
    }
    client.close();
  },
);

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
