import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chromium, startChromium } from "../parts/chromium.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { runDiagnosis, startPageBrowser } from "../parts/diagnostic-page.js";
import { type IceService, startIceService } from "../parts/ice-service.js";

const secret = "diagnostics-secret-of-this-test";
let coturn: Coturn;
let service: IceService;
let chromium: Chromium;

beforeAll(async () => {
  coturn = await startCoturn({ secrets: [secret] });
  service = await startIceService({
    args: ["--dev"],
    env: {
      ICE_STUN_URLS: `stun:127.0.0.1:${coturn.port}`,
      ICE_TURN_URLS: `turn:127.0.0.1:${coturn.port}`,
      ICE_TURN_SECRET: secret,
    },
  });
  chromium = await startChromium();
});
afterAll(async () => {
  await chromium?.stop();
  await service?.stop();
  await coturn?.stop();
});

describe("the diagnostic page", () => {
  it("takes the token from the link, and needs no mouse", async () => {
    const page = await chromium.newPage();
    const messages: string[] = [];
    page.on("console", (message) => messages.push(message.text()));
    page.on("pageerror", (error) => messages.push(error.message));
    const lists: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/api/")) {
        lists.push(request.url());
      }
    });
    const [link = ""] = /http\S+\/#token=\S+/.exec(service.stdout()) ?? [];
    await page.goto(link);
    // The token is out of the address bar before anybody can copy it.
    expect(page.url()).toBe(`${service.url}/`);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.id")).toBe("token");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    // It keeps the focus, and does not begin again while it runs.
    await page.keyboard.press("Enter");
    await page.locator("#status.good").waitFor({ timeout: 60_000 });
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Test");
    expect(lists).toHaveLength(1);
    expect(await page.locator("#status").textContent()).toBe(
      "All is well: 2 of 2 URLs work. Calls go through 1 relay.",
    );
    const plots = page.locator("#servers svg");
    expect(await plots.count()).toBe(3);
    expect(await plots.first().getAttribute("aria-label")).toMatch(
      /^Round trip, ms: from [\d.]+ to [\d.]+ in [\d.]+ s$/,
    );
    await page.locator("#copy-text").focus();
    await page.keyboard.press("Enter");
    await page.locator("#copied", { hasText: /./ }).waitFor();
    expect(await page.inputValue("#report")).toMatch(/^Result: All is well/);
    // The policy forbids nothing that the page does.
    expect(messages).toEqual([]);
    await page.close();
  });

  it.each([
    ["nonsense", "invalid auth token (HTTP status 401)"],
    ["“nonsense”", "the token contains an invalid character; copy it again"],
  ])("says so when the token is %s", async (token, problem) => {
    const page = await chromium.newPage();
    await page.goto(service.url);
    await page.fill("#token", token);
    await page.keyboard.press("Enter");
    await page.locator("#status.bad", { hasText: problem }).waitFor();
    await page.close();
  });

  it("tells in Firefox that Firefox uses no server on loopback", async () => {
    const firefox = await startPageBrowser.Firefox();
    const [link = ""] = /http\S+\/#token=\S+/.exec(service.stdout()) ?? [];
    const { headline, urls } = await runDiagnosis(firefox, link);
    expect(headline).toEqual({
      level: "bad",
      text: "No call went through a relay. 0 of 2 URLs work.",
    });
    expect(urls.map(({ reason }) => reason?.name)).toEqual(["loopback", "loopback"]);
    await firefox.stop();
  });

  it("loads nothing from elsewhere and can be put into no frame", async () => {
    const answer = await fetch(service.url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'self'.*frame-ancestors 'none'/,
    );
    const html = await answer.text();
    expect(html).not.toMatch(/https?:|<style|style=|<script(?! type="module" src=)/);
    expect((await fetch(service.url, { method: "POST" })).status).toBe(405);
  });

  it("is not there unless it is wanted", async () => {
    const plain = await startIceService({
      files: { "tokens.yaml": "tokens: []" },
      config: { auth: { connectorTokensFile: "tokens.yaml" } },
    });
    expect((await fetch(plain.url)).status).toBe(404);
    expect((await fetch(`${plain.url}/diagnostics/diagnostics.js`)).status).toBe(404);
    await plain.stop();
  });
});
