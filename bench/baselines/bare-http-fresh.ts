/** The work that nobody can leave out: a fresh credential, in the same JSON, over node:http. */
import { flattenHeaders, serveHttp } from "./http-baseline.js";
import { createAnswerSource } from "./json-answer.js";
import { parseSettings } from "./settings.js";

const settings = parseSettings(process.argv.slice(2));
const makeAnswer = createAnswerSource(settings);

serveHttp(settings.keepAliveSeconds, (request, response) => {
  if (request.method === "POST") {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      JSON.parse(Buffer.concat(chunks).toString("utf8"));
      const body = JSON.stringify(makeAnswer());
      response.writeHead(200, flattenHeaders(settings.connectHeaders, body));
      response.end(body);
    });
  } else {
    const body = JSON.stringify(makeAnswer());
    response.writeHead(200, flattenHeaders(settings.restHeaders, body));
    response.end(body);
  }
});
