// Connects what comes to the Unix socket of the first argument to the loopback port of the second. A
// Unix socket is reached from every network, a loopback port from its own only.
import { connect, createServer } from "node:net";

const [path, port] = process.argv.slice(2);
createServer((near) => {
  const far = connect(Number(port), "127.0.0.1");
  near.on("error", () => far.destroy());
  far.on("error", () => near.destroy());
  near.pipe(far).pipe(near);
}).listen(path, () => process.stdout.write("ready\n"));
