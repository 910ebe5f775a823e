import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { startCalledService, token } from "./called-service.js";
import { describeListProgram, parseLists, printedList, readCommand } from "./list-program.js";

const root = join(import.meta.dirname, "../..");
/** The first build takes minutes: Maven gets the dependencies. */
const buildTimeoutMs = 900_000;
const listClasspath = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath";

async function run(command: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await runProgram("nice", ["bash", "-c", command], {
    cwd: root,
    env: { ...process.env, ...env },
    timeout: buildTimeoutMs,
  });
  return stdout;
}

/** What the commands of the README print. They also build what the other tests run. */
const printedBy = new Map<string, string>();
beforeAll(async () => {
  const service = await startCalledService();
  for (const language of ["Java", "Kotlin"]) {
    const command = await readCommand("clients/java/README.md", `Print a list with ${language}`);
    printedBy.set(language, await run(command, { ICE_URL: service.url, TOKEN: token }));
  }
  await service.stop();
  const output = `-Dmdep.outputFile=${join(root, "clients/java/target/classpath")}`;
  await run(`mvn -q -B -f clients/java -Pkotlin ${listClasspath} ${output}`, {});
}, buildTimeoutMs);

describe.each(["Java", "Kotlin"])("the README's command for %s", (language) => {
  it("prints a list", () => {
    expect(parseLists(printedBy.get(language) ?? "")).toEqual([printedList]);
  });
});

it(
  "passes its own tests",
  async () => {
    await run("mvn -q -B -f clients/java -Pkotlin test", {});
  },
  buildTimeoutMs,
);

const runClass =
  'exec java -cp "clients/java/target/classes:$(<clients/java/target/classpath)" "$@"';
for (const name of ["PrintList", "PrintListWithCoroutines"]) {
  describeListProgram(`clients/java: ${name}`, {
    command: "bash",
    args: ["-c", runClass, "bash", `com.example.iceservice.client.${name}`],
  });
}
