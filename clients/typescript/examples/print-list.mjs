// Prints the list, and with --watch every list that replaces it.
import { createIceServerSource } from "../dist/index.js";

const { ICE_URL = "http://127.0.0.1:8080", TOKEN } = process.env;
if (!TOKEN) {
  process.stderr.write("set TOKEN to the token that npm start printed\n");
  process.exit(2);
}
const source = createIceServerSource({ url: ICE_URL, getToken: () => TOKEN });
const controller = new AbortController();
process.once("SIGINT", () => controller.abort());

for await (const list of source.watch({ signal: controller.signal })) {
  process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
  if (!process.argv.includes("--watch")) {
    break;
  }
}
