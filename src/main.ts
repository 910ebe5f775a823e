#!/usr/bin/env node
// Checks the version of Node before anything else is loaded: an old one would end with a SyntaxError
// about some other file. So this one has no imports, and only syntax that Node 12 can parse.

/** As `engines` in package.json. */
const oldestMajor = 20;
const oldestMinor = 19;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) {
  import("./cli/run-main.js");
} else {
  process.stderr.write(
    `ice-service requires Node.js ${oldestMajor}.${oldestMinor} or later (22 or later in production), but this is Node.js ${process.versions.node}.\n`,
  );
  process.exitCode = 2;
}
