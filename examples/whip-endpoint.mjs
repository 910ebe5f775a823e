// A WHIP endpoint (RFC 9725) that gives each publisher ICE servers of its own, as Link headers. Janus
// is the media server behind it: its echo test stands for your application.
//
//   TOKEN=… WHIP_TOKEN=… node examples/whip-endpoint.mjs
//
// TOKEN is a connector token that may name users (`ice-service token new --may-name-users`). Publishers
// send WHIP_TOKEN. Serve it behind TLS.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const { ICE_URL = "http://127.0.0.1:8080", TOKEN, WHIP_TOKEN, PORT = "7080" } = process.env;
const { JANUS_URL = "http://127.0.0.1:8088/janus" } = process.env;
if (!TOKEN || !WHIP_TOKEN) {
  process.stderr.write(
    "set TOKEN to a token of ice-service, and WHIP_TOKEN to that of publishers\n",
  );
  process.exit(1);
}
const maxBodyBytes = 64 * 1024;
const keepAliveMs = 25_000;
/** By the last part of their URLs: `{ path, timer }`, with the path at Janus. */
const sessions = new Map();

/** The values of the Link headers for a publisher, whose stream is the user of the credential. */
async function listLinks(stream) {
  const url = `${ICE_URL}/api/v1/ice-servers?user=${encodeURIComponent(stream)}`;
  const response = await fetch(url, { headers: { Authorization: `Bearer ${TOKEN}` } });
  if (!response.ok) {
    throw new Error(`ice-service answers ${response.status}`);
  }
  const { iceServers } = await response.json();
  return iceServers.flatMap(({ urls, username, credential }) =>
    urls.map((each) =>
      credential === undefined
        ? `<${each}>; rel="ice-server"`
        : `<${each}>; rel="ice-server"; username="${username}"; credential="${credential}"; credential-type="password"`,
    ),
  );
}

async function askJanus(path, message) {
  const body = JSON.stringify({ transaction: randomUUID(), ...message });
  const response = await fetch(`${JANUS_URL}${path}`, { method: "POST", body });
  const answer = await response.json();
  if (answer.janus === "error") {
    throw new Error(`Janus answers ${answer.error.reason}`);
  }
  return answer;
}

async function answerOffer(sdp) {
  const session = (await askJanus("", { janus: "create" })).data.id;
  const attach = { janus: "attach", plugin: "janus.plugin.echotest" };
  const path = `/${session}/${(await askJanus(`/${session}`, attach)).data.id}`;
  const body = { audio: true, video: true };
  await askJanus(path, { janus: "message", body, jsep: { type: "offer", sdp } });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const event = await (await fetch(`${JANUS_URL}/${session}?maxev=1`)).json();
    if (event.jsep !== undefined) {
      const keepAlive = () => askJanus(`/${session}`, { janus: "keepalive" }).catch(() => {});
      const id = randomUUID();
      sessions.set(id, { path, timer: setInterval(keepAlive, keepAliveMs) });
      return { id, sdp: event.jsep.sdp };
    }
  }
  throw new Error("Janus gives no answer");
}

/** Hands on candidates that come after the offer (RFC 8840). */
async function addCandidates({ path }, fragment) {
  const sdpMid = /^a=mid:(\S+)/m.exec(fragment)?.[1] ?? "0";
  const lines = [...fragment.matchAll(/^a=(candidate:.*?)\r?$/gm)];
  const candidates = lines.map(([, candidate]) => ({ candidate, sdpMid, sdpMLineIndex: 0 }));
  if (candidates.length > 0) {
    await askJanus(path, { janus: "trickle", candidates });
  }
  if (/^a=end-of-candidates/m.test(fragment)) {
    await askJanus(path, { janus: "trickle", candidate: { completed: true } });
  }
}

async function endSession(id, { path, timer }) {
  clearInterval(timer);
  sessions.delete(id);
  await askJanus(path, { janus: "detach" });
}

async function readBody(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > maxBodyBytes) {
      throw new Error("the body is too large");
    }
  }
  return text;
}

async function answer(request, response) {
  const [, kind, id = ""] = request.url.split("/");
  const session = sessions.get(id);
  if (request.headers.authorization !== `Bearer ${WHIP_TOKEN}`) {
    response.writeHead(401, { "WWW-Authenticate": "Bearer" }).end();
  } else if (kind === "whip" && id !== "" && request.method === "OPTIONS") {
    response.setHeader("Link", await listLinks(id));
    response.writeHead(204, { "Accept-Post": "application/sdp" }).end();
  } else if (kind === "whip" && id !== "" && request.method === "POST") {
    const links = await listLinks(id);
    const created = await answerOffer(await readBody(request));
    response.setHeader("Link", links);
    const headers = { Location: `/session/${created.id}`, ETag: `"${created.id}"` };
    response.writeHead(201, { "Content-Type": "application/sdp", ...headers }).end(created.sdp);
  } else if (kind === "session" && session !== undefined && request.method === "PATCH") {
    await addCandidates(session, await readBody(request));
    response.writeHead(204).end();
  } else if (kind === "session" && session !== undefined && request.method === "DELETE") {
    await endSession(id, session);
    response.writeHead(200).end();
  } else {
    response.writeHead(404).end();
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    response.writeHead(502).end();
  });
});
server.listen(Number(PORT), "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}/whip/\n`);
});
