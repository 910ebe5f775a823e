// Prints the licenses of all packages that the program is bundled with or needs, from node_modules.
// Exits with 1 when a package has no license text. Usage: node deploy/third-party-notices.mjs
import { readdirSync, readFileSync } from "node:fs";

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const isNotice = (file) =>
  /^(licen[cs]e|copying|notice)/i.test(file) && !/\.(js|json|ts)$/i.test(file);

/** A package without a license file has its terms at the beginning of its sources, or in its README. */
function readLicenseText(folder) {
  const files = readdirSync(folder).filter(isNotice).sort();
  return files.length > 0
    ? files.map((file) => readFileSync(`${folder}/${file}`, "utf8").trim()).join("\n\n")
    : (readSourceHeaders(folder) ?? readReadme(folder));
}

/** The different comments with a copyright that files of the package begin with. */
function readSourceHeaders(folder) {
  const headers = new Set();
  for (const file of readdirSync(folder, { recursive: true })) {
    if (file.endsWith(".js") && !file.includes("node_modules")) {
      const text = readFileSync(`${folder}/${file}`, "utf8").replace(/^"use strict";\s*/, "");
      const [header = ""] = /^(\/\/.*\n)+/.exec(text) ?? [];
      if (header.includes("Copyright")) {
        headers.add(header.replaceAll(/^\/\/ ?/gm, "").trim());
      }
    }
  }
  return headers.size === 0 ? undefined : [...headers].join("\n\n");
}

function readReadme(folder) {
  const file = readdirSync(folder).find((name) => /^readme/i.test(name));
  const text = file === undefined ? "" : readFileSync(`${folder}/${file}`, "utf8");
  return /^#+ *licen[cs]e[\s\S]*/im.exec(text)?.[0].trim();
}

const sections = [];
const missing = [];
for (const [folder, { dev, devOptional, version, license }] of Object.entries(packages)) {
  if (folder === "" || dev || devOptional) {
    continue;
  }
  const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  const text = readLicenseText(folder);
  if (text === undefined) {
    missing.push(`${name} ${version} (${license})`);
  } else {
    sections.push(`${name} ${version} (${license})\n\n${text}\n`);
  }
}
if (missing.length > 0) {
  process.stderr.write(`no license text: ${missing.join(", ")}\n`);
  process.exit(1);
}
const line = `${"-".repeat(80)}\n`;
process.stdout.write(
  `ice-service contains or needs these packages.\n\n${line}\n${sections.join(`\n${line}\n`)}`,
);
