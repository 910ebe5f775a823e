import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIceServerSource } from "../../../clients/typescript/src/index.js";
import { type ByteCounter, startByteCounter } from "../../parts/byte-counter.js";
import { callBrowserNames, openCallBrowser } from "../../parts/fresh-call.js";
import { type IceService, startIceService } from "../../parts/ice-service.js";
import { type PageServer, startPageServer } from "../../parts/page-server.js";
import { createSubjectTokens } from "../../parts/subject-tokens.js";

const issuer = createSubjectTokens();
/** A request and its response over HTTP/1.1, without TLS, as the README promises with some reserve. */
const mostBytes = { sent: 1300, received: 1500 };

let service: IceService;
let server: PageServer;
let counter: ByteCounter;
let token: string;
beforeAll(async () => {
  token = await issuer.sign("page");
  server = await startPageServer(
    fileURLToPath(new URL("wire-cost-page-script.js", import.meta.url)),
  );
  service = await startIceService({
    files: { "turn.secret": "north-north-north-north", ...issuer.files },
    config: {
      auth: { jwt: issuer.jwt },
      cors: { allowedOrigins: [server.origin] },
      ice: {
        stunUrls: ["stun:turn.example.com:3478"],
        turn: {
          urls: ["turn:turn.example.com:3478", "turns:turn.example.com:443?transport=tcp"],
          secretFiles: ["turn.secret"],
        },
      },
    },
  });
  counter = await startByteCounter(service.port);
});
afterAll(async () => {
  await counter?.stop();
  await service?.stop();
  await server?.stop();
});

function expectFew({ sent, received }: ReturnType<ByteCounter["take"]>) {
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(mostBytes.sent);
  expect(received).toBeLessThan(mostBytes.received);
}

describe("a list costs little on the wire", () => {
  it("in Node, with get and with watch", async () => {
    const source = createIceServerSource({ url: counter.url, getToken: () => token });
    await source.get();
    expectFew(counter.take());
    const lists = source.watch();
    await lists.next();
    expectFew(counter.take());
    await lists.return(undefined);
  });

  it.each(callBrowserNames)("in %s, with a preflight", async (name) => {
    const browser = await openCallBrowser[name](server.origin);
    const get = async () => {
      await browser.evaluate(`getNew(${JSON.stringify(counter.url)}, ${JSON.stringify(token)})`);
      return counter.take();
    };
    expectFew(await get());
    expectFew(await get());
    await browser.stop();
  });
});
