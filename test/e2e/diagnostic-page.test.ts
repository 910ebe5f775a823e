import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chromium, startChromium } from "../parts/chromium.js";
import { type Coturn, startCoturn } from "../parts/coturn.js";
import { findFreePort } from "../parts/free-port.js";
import { type IceService, startIceService } from "../parts/ice-service.js";

const secret = "diagnostics-secret-of-this-test";
let good: Coturn;
let wrongSecret: Coturn;
let deadPort: number;
let service: IceService;
let chromium: Chromium;
let page: Page;
const messages: string[] = [];

beforeAll(async () => {
  [good, wrongSecret, deadPort] = await Promise.all([
    startCoturn({ secrets: [secret] }),
    startCoturn({ secrets: ["a-secret-of-somebody-else"] }),
    findFreePort(),
  ]);
  service = await startIceService({
    args: ["--dev"],
    env: {
      ICE_STUN_URLS: `stun:127.0.0.1:${good.port}`,
      ICE_TURN_URLS: [
        `turn:127.0.0.1:${good.port}`,
        `turn:127.0.0.1:${good.port}?transport=tcp`,
        `turn:127.0.0.1:${deadPort}?transport=tcp`,
        `turn:127.0.0.1:${wrongSecret.port}`,
      ].join(","),
      ICE_TURN_SECRET: secret,
    },
  });
  chromium = await startChromium();
  page = await chromium.newPage();
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(error.message));
});
afterAll(async () => {
  await chromium?.stop();
  await service?.stop();
  await Promise.all([good?.stop(), wrongSecret?.stop()]);
});

const banner = () => service.stdout();
const rowOf = (url: string) => page.locator("#servers tr", { hasText: url });

describe("the diagnostic page", () => {
  it("tells of each URL whether it works and why not, and calls through the relay", async () => {
    const [link = ""] = /http\S+\/#token=\S+/.exec(banner()) ?? [];
    await page.goto(link);
    // The token is out of the address bar before anybody can copy it.
    expect(page.url()).toBe(`${service.url}/`);
    // As people do who use no mouse.
    await page.locator("#token").focus();
    await page.keyboard.press("Enter");
    await page.locator("#status", { hasText: /^3 of 5 URLs work\.$/ }).waitFor({ timeout: 90_000 });

    const text = async (url: string) => (await rowOf(url).last().textContent()) ?? "";
    expect(await text(`stun:127.0.0.1:${good.port}`)).toMatch(/✓/);
    expect(await rowOf(`turn:127.0.0.1:${good.port}`).first().textContent()).toMatch(
      /✓ relays.*relay udp.*\d+ ms/,
    );
    expect(await text(`turn:127.0.0.1:${good.port}?transport=tcp`)).toMatch(/✓ relays.*relay tcp/);
    expect(await text(`turn:127.0.0.1:${deadPort}`)).toMatch(/✗ no answer.*\(701\)/);
    expect(await text(`turn:127.0.0.1:${wrongSecret.port}`)).toMatch(/✗.*secret.*\(401\)/);
    expect(await page.locator("#call").textContent()).toMatch(
      /^Connected in \d+ ms over turn:127\.0\.0\.1:\d+.*: [\d.]+ Mbit\/s, round trip [\d.]+ ms\.$/,
    );
    expect(await page.locator("#plots svg").count()).toBe(2);
    expect(await page.locator("#plots svg").first().getAttribute("aria-label")).toMatch(
      /^Bitrate, Mbit\/s: from .* in [\d.]+ seconds$/,
    );
    // The policy forbids nothing that the page does.
    expect(messages).toEqual([]);
  });

  it("says so when the token is wrong", async () => {
    await page.goto(`${service.url}/#token=nonsense`);
    await page.reload();
    await page.fill("#token", "nonsense");
    await page.keyboard.press("Enter");
    await page.locator("#status", { hasText: "invalid auth token (HTTP status 401)" }).waitFor();
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
