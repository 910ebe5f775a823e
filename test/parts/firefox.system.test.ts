import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Firefox, startFirefox } from "./firefox.js";

let firefox: Firefox;
beforeAll(async () => {
  firefox = await startFirefox();
});
afterAll(() => firefox?.stop());

describe("startFirefox", () => {
  it("opens a page and evaluates in it what the page's own policy forbids", async () => {
    const server = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response
        .setHeader("Content-Security-Policy", "default-src 'none'")
        .end("<title>Here</title>");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await firefox.goto(`http://127.0.0.1:${port}/`);
    expect(await firefox.evaluate("document.title")).toBe("Here");
    expect(await firefox.evaluate("Promise.resolve([1, undefined, { a: null }])")).toEqual([
      1,
      null,
      { a: null },
    ]);
    await expect(firefox.evaluate("Promise.reject(new TypeError('no'))")).rejects.toThrow(
      "TypeError: no",
    );
    server.close();
  });

  it("types, takes the size and the preferences that it is given, and takes a picture", async () => {
    await firefox.goto("data:text/html,<input autofocus><p style='height:2000px'>");
    await firefox.evaluate("document.querySelector('input').focus()");
    await firefox.type("ä b");
    expect(await firefox.evaluate("document.querySelector('input').value")).toBe("ä b");
    await firefox.resize({ width: 700, height: 500 });
    expect(await firefox.evaluate("innerWidth")).toBe(700);
    await firefox.setPreferences({ "ui.systemUsesDarkTheme": 1 });
    expect(await firefox.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")).toBe(true);
    const image = await firefox.screenshot();
    expect(image.subarray(1, 4).toString()).toBe("PNG");
    expect(image.readUInt32BE(20)).toBeGreaterThan(2000);
  });
});
