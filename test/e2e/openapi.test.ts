import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "openapi-test-token";
const problemSchema = z.object({ detail: z.string() });
const document = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../openapi.json", import.meta.url)), "utf8"),
);

let service: IceService;
let closed: IceService;
beforeAll(async () => {
  const start = (more: object) =>
    startIceService({
      files: { "tokens.yaml": connectorTokens({ openapi: token }) },
      config: { auth: { connectorTokensFile: "tokens.yaml" }, ...more },
    });
  service = await start({});
  closed = await start({ reflection: false });
});
afterAll(() => Promise.all([service.stop(), closed.stop()]));

describe("/openapi.json", () => {
  it("is the document of the package, for everyone", async () => {
    const response = await fetch(`${service.url}/openapi.json`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(await response.json()).toEqual(document);
  });

  it("answers HEAD, OPTIONS, pages of other origins, and no other method", async () => {
    const ask = (method: string) =>
      fetch(`${service.url}/openapi.json`, { method, headers: { origin: "https://example.com" } });
    const head = await ask("HEAD");
    expect(head.status).toBe(200);
    expect(Number(head.headers.get("content-length"))).toBe(JSON.stringify(document).length);
    expect(head.headers.get("access-control-allow-origin")).toBe("*");
    expect((await ask("OPTIONS")).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    const post = await ask("POST");
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("is switched off together with reflection", async () => {
    const response = await fetch(`${closed.url}/openapi.json`);
    expect(response.status).toBe(404);
    expect((await fetch(`${closed.url}/health`)).status).toBe(200);
  });

  it("has each route that the 404 lists", async () => {
    const response = await fetch(`${service.url}/nothing`);
    const { detail } = problemSchema.parse(await response.json());
    const listed = [...detail.matchAll(/GET (\S+)/g)].map(([, path]) => path);
    expect(listed).toContain("/turn");
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(listed));
  });

  it("has the status of a form that is too large", async () => {
    const response = await fetch(`${service.url}/turn?key=${token}`, {
      method: "POST",
      body: new URLSearchParams({ service: "turn", filler: "x".repeat(9000) }),
    });
    expect(Object.keys(document.paths["/turn"].post.responses)).toContain(`${response.status}`);
    expect(response.status).toBe(413);
  });

  it("names only routes that exist, with the methods that they take", async () => {
    for (const [path, operations] of Object.entries<object>(document.paths)) {
      const response = await fetch(service.url + path, { method: "OPTIONS" });
      const allowed = (response.headers.get("allow") ?? "").toLowerCase().split(", ");
      expect([path, ...allowed.toSorted()]).toEqual(
        [path, ...Object.keys(operations), "options"].toSorted(),
      );
    }
  });
});
