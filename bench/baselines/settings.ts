import { parseArgs } from "node:util";
import type { Expectation } from "../calls/answer-check.js";

/** Header names and values in the order in which they are sent. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What a baseline must know to answer as the service does. It is given as arguments. */
export interface BaselineSettings extends Expectation {
  /** Learned from the service's own answers; without those that Node or the body decides. */
  readonly restHeaders: HeaderList;
  readonly connectHeaders: HeaderList;
  readonly grpcHeaders: HeaderList;
  readonly keepAliveSeconds: number;
  readonly issuer: string;
  readonly audience: string;
  /** The issuer's ES256 key in PEM. */
  readonly publicKeyFile: string;
  /** SHA-256 of the connector token in hex. */
  readonly tokenHash: string;
  /**
   * JSON: who each token belongs to. Every caller then gets a pseudonym in place of `name`. Empty where
   * all have the same name.
   */
  readonly callersFile: string;
}

const none: string[] = [];
const one = { type: "string" as const, default: "" };
const many = { type: "string" as const, multiple: true as const, default: none };
const options = {
  "stun-url": many,
  "turn-url": many,
  secret: one,
  name: one,
  "ttl-seconds": one,
  "rest-header": many,
  "connect-header": many,
  "grpc-header": many,
  "keep-alive-seconds": one,
  issuer: one,
  audience: one,
  "public-key-file": one,
  "token-hash": one,
  "callers-file": one,
};

export function formatSettings(settings: BaselineSettings): string[] {
  const values: Record<keyof typeof options, readonly string[]> = {
    "stun-url": settings.stunUrls,
    "turn-url": settings.turnUrls,
    secret: [settings.secret],
    name: [settings.name],
    "ttl-seconds": [String(settings.ttlSeconds)],
    "rest-header": settings.restHeaders.map(formatHeader),
    "connect-header": settings.connectHeaders.map(formatHeader),
    "grpc-header": settings.grpcHeaders.map(formatHeader),
    "keep-alive-seconds": [String(settings.keepAliveSeconds)],
    issuer: [settings.issuer],
    audience: [settings.audience],
    "public-key-file": [settings.publicKeyFile],
    "token-hash": [settings.tokenHash],
    "callers-file": [settings.callersFile],
  };
  return Object.entries(values).flatMap(([option, given]) =>
    given.map((value) => `--${option}=${value}`),
  );
}

/** @param args such as `process.argv.slice(2)` */
export function parseSettings(args: readonly string[]): BaselineSettings {
  const { values } = parseArgs({ args: [...args], options });
  return {
    stunUrls: values["stun-url"],
    turnUrls: values["turn-url"],
    secret: values.secret,
    name: values.name,
    ttlSeconds: Number(values["ttl-seconds"]),
    restHeaders: values["rest-header"].map(parseHeader),
    connectHeaders: values["connect-header"].map(parseHeader),
    grpcHeaders: values["grpc-header"].map(parseHeader),
    keepAliveSeconds: Number(values["keep-alive-seconds"]),
    issuer: values.issuer,
    audience: values.audience,
    publicKeyFile: values["public-key-file"],
    tokenHash: values["token-hash"],
    callersFile: values["callers-file"],
  };
}

function formatHeader([name, value]: HeaderList[number]): string {
  return `${name}: ${value}`;
}

function parseHeader(line: string): HeaderList[number] {
  const colon = line.indexOf(": ");
  return [line.slice(0, colon), line.slice(colon + 2)];
}
