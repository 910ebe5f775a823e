// Asks for the servers with @grpc/grpc-js, loading the schema at run time.
import { credentials, loadPackageDefinition, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const { ICE_URL = "http://127.0.0.1:8080", TOKEN } = process.env;
if (!TOKEN) {
  process.stderr.write("set TOKEN to the token that npm start printed\n");
  process.exit(1);
}

const { ice } = loadPackageDefinition(
  loadSync("ice/v1/ice_service.proto", {
    includeDirs: ["proto", "third_party/proto"].map(
      (folder) => new URL(`../${folder}`, import.meta.url).pathname,
    ),
  }),
);
const client = new ice.v1.IceService(new URL(ICE_URL).host, credentials.createInsecure());
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
