// Prints an SBOM (CycloneDX) of all packages that the program is bundled with or needs, as npm finds
// them in package-lock.json. Usage: node deploy/sbom.mjs
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

// Not with --omit=dev: that also leaves out what both the program and a tool need (npm 11).
const args = ["sbom", "--package-lock-only", "--sbom-format=cyclonedx", "--sbom-type=application"];
const options = { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 };
const sbom = JSON.parse(execFileSync("npm", args, options));

// npm names it after the folder that it is in.
const { name } = JSON.parse(readFileSync("package.json", "utf8"));
const component = { ...sbom.metadata.component, name };
const components = sbom.components.filter(
  ({ properties }) => !properties.some((each) => each.name === "cdx:npm:package:development"),
);
const refs = new Set([component, ...components].map((each) => each["bom-ref"]));
const dependencies = sbom.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));

const metadata = { ...sbom.metadata, component };
process.stdout.write(
  `${JSON.stringify({ ...sbom, metadata, components, dependencies }, null, 2)}\n`,
);
