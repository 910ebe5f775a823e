// Loaded into the program with --import: no name is resolved for a minute, as by a name server that
// does not answer.
import { promises as dns } from "node:dns";
import { syncBuiltinESMExports } from "node:module";

dns.lookup = () => new Promise((resolve) => setTimeout(() => resolve([]), 60_000));
syncBuiltinESMExports();
