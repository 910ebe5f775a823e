// Checks that a tag, such as v1.0.0, is that of the version that the files name, and that nothing is
// left of the placeholders. Exits with 1 and says what to change. Usage: node deploy/check-release.mjs TAG
import { readFileSync } from "node:fs";

const [tag = ""] = process.argv.slice(2);
const version = tag.replace(/^v/, "");
const read = (file) => readFileSync(file, "utf8");
const manifest = JSON.parse(read("package.json"));
const lock = JSON.parse(read("package-lock.json"));
const chart = read("deploy/helm/ice-service/Chart.yaml");

const versions = {
  "package.json: version": manifest.version,
  "package-lock.json: version": lock.version,
  "Chart.yaml: version": /^version: "?([^"\n]+)"?$/m.exec(chart)?.[1],
  "Chart.yaml: appVersion": /^appVersion: "?([^"\n]+)"?$/m.exec(chart)?.[1],
  "CHANGELOG.md: latest version": /^## (\d\S*) - \d{4}-\d\d-\d\d$/m.exec(read("CHANGELOG.md"))?.[1],
};
const problems = Object.entries(versions)
  .filter(([, found]) => found !== version)
  .map(([place, found]) => `${place} is ${found}, but the tag is ${tag}. Change one of them.`);
if (!/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(tag)) {
  problems.push(`The tag ${tag} is not v and a version, such as v1.0.0.`);
}
if (manifest.repository === undefined) {
  problems.push("package.json has no repository, which npm's provenance requires. Add it.");
}
for (const file of ["proto/ice/v1/ice_service.proto", ".github/CODEOWNERS"]) {
  if (/example\.com|@example\/|com\.example/.test(read(file))) {
    problems.push(`${file} has a placeholder. RELEASING.md says what to replace it with.`);
  }
}
for (const problem of problems) {
  process.stderr.write(`${problem}\n`);
}
process.exitCode = problems.length === 0 ? 0 : 1;
