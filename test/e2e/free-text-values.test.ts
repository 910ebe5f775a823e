import { createHmac } from "node:crypto";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const secret = "north-north-north-north";
const answerSchema = z.object({
  iceServers: z.array(z.object({ username: z.string(), credential: z.string() })),
});

let directory: TemporaryDirectory;
let service: IceService;
beforeAll(async () => {
  directory = await createTemporaryDirectory("free-text");
  await directory.write("turn.secret", `${secret}\r\n`);
  await directory.write("tokens.yaml", connectorTokens({ a: "a-token" }));
  service = await startIceService({
    config: {
      auth: { connectorTokensFile: join(directory.path, "tokens.yaml") },
      ice: {
        stunUrls: [],
        turn: {
          urls: ["turn:turn.example.com"],
          secretFiles: [join(directory.path, "turn.secret")],
        },
      },
    },
  });
});
afterAll(async () => {
  await service.stop();
  await directory.remove();
});

const logged = (text: string) => service.logs().filter(({ msg }) => msg === text);

async function isSignedWith(key: string): Promise<boolean> {
  const answer = await fetch(`${service.url}/api/v1/ice-servers?token=a-token`);
  const [server] = answerSchema.parse(await answer.json()).iceServers;
  const mac = createHmac("sha1", key).update(server?.username ?? "");
  return server?.credential === mac.digest("base64");
}

it.each([
  ["a byte order mark", `\ufeffsouth-south-south-south\n`, /byte order mark/],
  ["a second line break", "south-south-south-south\n\n", /line break/],
  ["quotes", '"south-south-south-south"\n', /in quotes/],
])("a reload of a secret with %s keeps the old one, and names the reason", async (...row) => {
  const [, content, reason] = row;
  const name = "configuration not reloaded: the running one stays";
  const earlier = logged(name).length;
  await rename(await directory.write("new", content), join(directory.path, "turn.secret"));
  await expect.poll(() => logged(name), { timeout: 20_000 }).toHaveLength(earlier + 1);
  const line = JSON.stringify(logged(name).at(-1));
  expect(line).toMatch(reason);
  expect(line).not.toContain("south");
  expect(await isSignedWith(secret)).toBe(true);
});

it("a reload of a good secret has it sign", async () => {
  const good = "west-west-west-west";
  await rename(await directory.write("new", `${good}\n`), join(directory.path, "turn.secret"));
  await expect.poll(() => isSignedWith(good), { timeout: 20_000 }).toBe(true);
});
