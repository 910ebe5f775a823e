/** The least that server-sent events cost on Node: responses of node:http that stay open. */
import type { ServerResponse } from "node:http";
import { serveHttp } from "./http-baseline.js";
import { createAnswerSource } from "./json-answer.js";
import { parseSettings } from "./settings.js";

const settings = parseSettings(process.argv.slice(2));
const makeAnswer = createAnswerSource(settings);
const headers = settings.restHeaders.flat();
const open = new Set<ServerResponse>();

function onClose(this: ServerResponse): void {
  open.delete(this);
}

serveHttp(settings.keepAliveSeconds, (_request, response) => {
  response.writeHead(200, headers);
  response.write(`retry: 3000\n\n${printEvent()}`);
  open.add(response);
  response.on("close", onClose);
});

// Everybody gets a new list, as from the service when its configuration changes.
process.on("SIGHUP", () => {
  const event = printEvent();
  for (const response of open) {
    response.write(event);
  }
});

function printEvent(): string {
  return `data: ${JSON.stringify(makeAnswer())}\n\n`;
}
