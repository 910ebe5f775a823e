import { describeCounter, type Metric } from "../../observability/metric.js";
import type { TokenKind } from "../token-kind.js";
import type { IntrospectionAuth } from "./introspection-config.js";
import { introspectionReasons } from "./introspection-reasons.js";
import { IntrospectionSource } from "./introspection-source.js";
import { createIntrospectionVerifier } from "./introspection-verifier.js";

/**
 * The characters of an access token (RFC 6749 appendix A.12), without the space, which ends it in a
 * header.
 */
const tokenForm = /^[\x21-\x7e]+$/;

/**
 * Tokens of any form, verified by an authorization server (RFC 7662). It is the last of all kinds.
 */
export const introspectionKind: TokenKind<IntrospectionAuth> = {
  name: "introspection",
  reasons: introspectionReasons,
  start({ clock, closed, log, outgoing, startTimer }) {
    const sources = new Map<string, IntrospectionSource>();
    return {
      open({ auth: { introspection }, isDenied }) {
        if (introspection === undefined) {
          return { sources: [], verify: () => undefined };
        }
        const { url, clientId } = introspection;
        // The server may answer another client differently.
        const id = JSON.stringify([url.href, clientId]);
        const source =
          sources.get(id) ??
          new IntrospectionSource({ url, clock, closed, log, outgoing, startTimer });
        sources.set(id, source);
        const verify = createIntrospectionVerifier(introspection, { source, clock, isDenied });
        return {
          sources: [source],
          verify: (token, digest, wait) =>
            tokenForm.test(token) ? verify(token, digest, wait) : undefined,
        };
      },
      keep(used) {
        for (const [id, source] of sources) {
          if (!used.has(source)) {
            source.retire();
            sources.delete(id);
          }
        }
      },
      describe: () => describeSources([...sources.values()]),
    };
  },
};

function describeSources(sources: readonly IntrospectionSource[]): Metric[] {
  const count = (name: "successCount" | "failureCount") =>
    sources.reduce((sum, source) => sum + source[name], 0);
  return [
    describeCounter(
      "ice_introspection_requests_total",
      "Requests to the introspection endpoint, by result (success, failure).",
      [
        { labels: { result: "success" }, value: count("successCount") },
        { labels: { result: "failure" }, value: count("failureCount") },
      ],
    ),
  ];
}
