/** What one would write instead of the service: Fastify, its log, and a verification a request. */
import { readFileSync } from "node:fs";
import { fastify } from "fastify";
import { importSPKI, jwtVerify } from "jose";
import { createAnswerSource } from "./json-answer.js";
import { announceReady } from "./ready-line.js";
import { parseSettings } from "./settings.js";

const settings = parseSettings(process.argv.slice(2));
const { issuer, audience } = settings;
const makeAnswer = createAnswerSource(settings);
const headers = Object.fromEntries(settings.restHeaders);
const key = await importSPKI(readFileSync(settings.publicKeyFile, "utf8"), "ES256");

const app = fastify({ logger: true, keepAliveTimeout: settings.keepAliveSeconds * 1000 });
app.get("/api/v1/ice-servers", async (request, reply) => {
  const [scheme, token = ""] = request.headers.authorization?.split(" ") ?? [];
  try {
    if (scheme !== "Bearer") {
      throw new Error("no bearer token");
    }
    await jwtVerify(token, key, { issuer, audience, algorithms: ["ES256"] });
  } catch {
    return reply.code(401).send({ error: "invalid auth token" });
  }
  // Sent as bytes, since Fastify would add a charset to the type of an object.
  return reply.headers(headers).send(Buffer.from(JSON.stringify(makeAnswer())));
});
await app.listen({ host: "127.0.0.1", port: 0 });
announceReady(app.server.address());
