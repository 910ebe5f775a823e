// Prints the folders of the named packages and of all that these need, as package-lock.json has
// them: what the program needs beside dist. Usage: node deploy/runtime-packages.mjs NAME…
import { readFileSync } from "node:fs";

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const found = new Set();

/** As Node looks for packages: beside the one that asks, then further out. */
function findFolder(name, from) {
  const folder = `${from}node_modules/${name}`;
  if (folder in packages) {
    return folder;
  }
  if (from === "") {
    throw new Error(`package-lock.json has no ${name}`);
  }
  return findFolder(name, from.slice(0, from.lastIndexOf("node_modules/")));
}

function add(name, from) {
  const folder = findFolder(name, from);
  if (!found.has(folder)) {
    found.add(folder);
    for (const needed of Object.keys(packages[folder].dependencies ?? {})) {
      add(needed, `${folder}/`);
    }
  }
}

for (const name of process.argv.slice(2)) {
  add(name, "");
}
process.stdout.write(`${[...found].sort().join("\n")}\n`);
