/** What node:http can do at all: the same bytes each time, for everyone. */
import { createJsonResponder, serveHttp } from "./http-baseline.js";
import { createAnswerSource } from "./json-answer.js";
import { parseSettings } from "./settings.js";

const settings = parseSettings(process.argv.slice(2));
const body = JSON.stringify(createAnswerSource(settings)());
const respond = createJsonResponder(settings.restHeaders);

serveHttp(settings.keepAliveSeconds, (_request, response) => {
  respond(response, body);
});
