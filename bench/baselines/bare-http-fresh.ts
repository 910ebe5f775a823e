/** The work that nobody can leave out: a fresh credential, in the same JSON, over node:http. */
import { createJsonResponder, serveHttp } from "./http-baseline.js";
import { createAnswerSource } from "./json-answer.js";
import { parseSettings } from "./settings.js";

const settings = parseSettings(process.argv.slice(2));
const makeAnswer = createAnswerSource(settings);
const respondToGet = createJsonResponder(settings.restHeaders);
const respondToPost = createJsonResponder(settings.connectHeaders);

serveHttp(settings.keepAliveSeconds, (request, response) => {
  const { authorization } = request.headers;
  if (request.method === "POST") {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      JSON.parse(Buffer.concat(chunks).toString("utf8"));
      respondToPost(response, JSON.stringify(makeAnswer(authorization)));
    });
  } else {
    respondToGet(response, JSON.stringify(makeAnswer(authorization)));
  }
});
