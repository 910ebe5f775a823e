/** The least that a token never seen before costs: its ES256 verification, and a fresh answer. */
import { readFileSync } from "node:fs";
import { importSPKI, jwtVerify } from "jose";
import { createJsonResponder, serveHttp } from "./http-baseline.js";
import { createAnswerSource } from "./json-answer.js";
import { parseSettings } from "./settings.js";

const settings = parseSettings(process.argv.slice(2));
const { issuer, audience } = settings;
const makeAnswer = createAnswerSource(settings);
const respond = createJsonResponder(settings.restHeaders);
const key = await importSPKI(readFileSync(settings.publicKeyFile, "utf8"), "ES256");

serveHttp(settings.keepAliveSeconds, async (request, response) => {
  const token = request.headers.authorization?.slice("Bearer ".length) ?? "";
  try {
    await jwtVerify(token, key, { issuer, audience, algorithms: ["ES256"] });
  } catch {
    response.writeHead(401).end();
    return;
  }
  respond(response, JSON.stringify(makeAnswer()));
});
