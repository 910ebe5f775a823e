#!/usr/bin/env node
// Checks the version of Node before anything else is loaded: an old one would end with a SyntaxError
// about some other file. So this one has no imports, and only syntax that Node 12 can parse.

/** As `engines` in package.json. */
const oldestMajor = 20;
const oldestMinor = 19;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) {
  const command = process.argv[2];
  if (command === undefined || command === "serve" || command.startsWith("-")) {
    // While the service loads, which takes longer than this file: `serve` has handlers of its own.
    process.on("SIGHUP", () => {});
    process.once("SIGTERM", () => process.exit(0));
  }
  import("./cli/program.js").then(async ({ runProgram }) => {
    process.exitCode = await runProgram(process.argv);
  });
} else {
  process.stderr.write(
    `ice-service requires Node.js ${oldestMajor}.${oldestMinor} or later (22 or later in production), but this is Node.js ${process.versions.node}.\n`,
  );
  process.exitCode = 2;
}
