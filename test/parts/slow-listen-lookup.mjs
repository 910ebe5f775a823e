// Loaded into the program with --import: the name of the address to listen on is not resolved for a
// minute, as by a name server that does not answer.
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";

const { lookup } = dns;
dns.lookup = (name, ...rest) => {
  if (name === "slow.test") {
    process.stderr.write("looking up slow.test\n");
    setTimeout(rest.at(-1), 60_000, new Error("no answer"));
  } else {
    lookup(name, ...rest);
  }
};
syncBuiltinESMExports();
