import { type CallName, calls } from "../calls/call.js";
import type { ComparedName } from "../processes/fleet.js";
import type { RowTitle } from "../report/row.js";
import type { Target } from "../report/target.js";
import type { Measurement, TokenUse } from "./measurement.js";

/** A row that divides one measurement by another. */
export interface ThroughputRow extends RowTitle {
  readonly ours: Measurement;
  readonly theirs: Measurement;
  /** Cores without which the figure says nothing. */
  readonly minCores?: number;
}

const nameTokens: Readonly<Record<TokenUse, string>> = {
  es256: "ES256",
  rs256: "RS256",
  connector: "connector token",
  "10000-es256": "10,000 ES256 tokens",
  "first-seen-es256": "first-seen ES256",
  "1000-connectors": "1,000 connector tokens, pseudonyms",
};
const fresh = "bare node:http, fresh credential";
const freshLimited = "the same with RateLimit fields";
const atLeast = (value: number): Target => ({ of: "cpuRatio", relation: ">=", value });
const nearBareHttp: Target = { ...atLeast(0.7), aim: 0.85 };

/** The measurements of a row stand side by side in each round, in the order of their first use. */
export const throughputRows: readonly ThroughputRow[] = [
  compare("rest", "es256", "bare-http-fresh", fresh, nearBareHttp),
  compare("rest", "es256", "bare-http-fixed", "bare node:http, fixed bytes"),
  compare("rest", "es256", "fastify-app", "Fastify, jose, its log", atLeast(3)),
  compare("rest", "rs256", "bare-http-fresh", fresh, nearBareHttp),
  compare("rest", "connector", "bare-http-fresh", fresh, nearBareHttp),
  {
    ...compare("rest", "10000-es256", "bare-http-fresh", fresh),
    ours: { server: "ice-service-10000-tokens", call: "rest", tokens: "10000-es256" },
  },
  {
    name: "REST, first-seen ES256",
    comparedWith: "bare node:http, jwtVerify",
    unit: "µs/call",
    ours: { server: "ice-service-first-seen", call: "rest", tokens: "first-seen-es256" },
    theirs: { server: "bare-verification", call: "rest", tokens: "first-seen-es256" },
    target: { of: "cpuRatio", relation: "<=", value: 1.3 },
  },
  {
    name: "REST, ES256, two workers",
    comparedWith: "one process",
    unit: "calls/s",
    ours: { server: "ice-service-2-workers", call: "rest", tokens: "es256" },
    theirs: { server: "ice-service", call: "rest", tokens: "es256" },
    // By CPU, a second worker would gain nothing.
    target: { ...atLeast(1.7), of: "ratio" },
    // One for each worker, and one for the load generator.
    minCores: 3,
  },
  compare("rest-http2", "es256", "bare-http2", "bare node:http2"),
  compare("connect", "es256", "bare-http-fresh", fresh, atLeast(0.7)),
  compare("connect", "connector", "bare-http-fresh", fresh, atLeast(0.7)),
  compare("grpc", "connector", "grpc-js-server", "@grpc/grpc-js", atLeast(1.25)),
  compare("grpc", "connector", "bare-http2", "bare node:http2", atLeast(0.9)),
  compare("grpc", "es256", "bare-http2", "bare node:http2", atLeast(0.9)),
  compare("grpc", "rs256", "bare-http2", "bare node:http2", atLeast(0.9)),
  limited(compare("rest", "es256", "bare-http-fresh-limited", freshLimited, nearBareHttp)),
  limited(compare("connect", "es256", "bare-http-fresh-limited", freshLimited, atLeast(0.7))),
  // Callers over gRPC do not get the fields.
  limited(compare("grpc", "es256", "bare-http2", "bare node:http2", atLeast(0.9))),
  distinct("rest", "bare-http-distinct", "the same two HMACs", atLeast(0.8)),
  distinct("grpc", "bare-http2-distinct", "the same two HMACs", atLeast(0.8)),
];

const goHttp = "Go: net/http, golang-jwt";
const goGrpc = "Go: grpc-go, golang-jwt";

/** What a Go team would write instead. It needs Go, and has no targets: these rows say where we stand. */
export const peerThroughputRows: readonly ThroughputRow[] = [
  compare("rest", "es256", "go-http-issuer", goHttp),
  {
    ...compare("rest", "es256", "go-http-issuer", goHttp),
    name: "REST, ES256, two workers",
    ours: { server: "ice-service-2-workers", call: "rest", tokens: "es256" },
  },
  {
    ...compare("rest", "first-seen-es256", "go-http-issuer", goHttp),
    unit: "µs/call",
    ours: { server: "ice-service-first-seen", call: "rest", tokens: "first-seen-es256" },
  },
  distinct("rest", "go-http-issuer-distinct", goHttp),
  compare("grpc", "connector", "go-grpc-issuer", goGrpc),
  compare("grpc", "es256", "go-grpc-issuer", goGrpc),
  distinct("grpc", "go-grpc-issuer-distinct", goGrpc),
];

/** Callers who share no answer: each gets a credential for a name of its own. */
function distinct(
  call: "rest" | "grpc",
  compared: ComparedName,
  comparedWith: string,
  target?: Target,
): ThroughputRow {
  const row = compare(call, "1000-connectors", compared, comparedWith, target);
  return { ...row, ours: { ...row.ours, server: "ice-service-distinct" } };
}

/** The same, counted against a limit for each caller. */
function limited(row: ThroughputRow): ThroughputRow {
  return {
    ...row,
    name: `${row.name}, limits on`,
    ours: { ...row.ours, server: "ice-service-limited" },
  };
}

function compare(
  call: CallName,
  tokens: TokenUse,
  baseline: Exclude<Measurement["server"], "ice-service">,
  comparedWith: string,
  target?: Target,
): ThroughputRow {
  return {
    name: `${calls[call].title}, ${nameTokens[tokens]}`,
    comparedWith,
    unit: "calls/s",
    ours: { server: "ice-service", call, tokens },
    // The same requests to the byte, whether the baseline looks at the token or not.
    theirs: { server: baseline, call, tokens },
    ...(target && { target }),
  };
}
