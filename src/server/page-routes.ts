import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import type { FixedRoute } from "./fixed-routes.js";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

/**
 * Nothing from elsewhere, nothing inline, no frames: what the page is made of is in its directory. It
 * needs no device either. WebRTC is not subject to `connect-src`.
 */
const securityHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
};

/**
 * The routes of the page that shows whether the servers of the list work: `index.html` at `/`, the
 * rest below `/diagnostics/`. The files are read once.
 */
export function createPageRoutes(directory: URL): ReadonlyMap<string, FixedRoute> {
  const files = readdirSync(directory).filter((name) => extname(name) in contentTypes);
  return new Map(
    files.map((name) => {
      const answer = {
        status: 200,
        headers: { "content-type": contentTypes[extname(name)] ?? "", ...securityHeaders },
        body: readFileSync(new URL(name, directory)),
      };
      return [name === "index.html" ? "/" : `/diagnostics/${name}`, () => answer];
    }),
  );
}
