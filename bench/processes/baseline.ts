import { existsSync } from "node:fs";
import { join } from "node:path";
import { type BaselineSettings, formatSettings, type HeaderList } from "../baselines/settings.js";
import { type Answer, fetchAnswer } from "../calls/answer.js";
import { checkAnswer, type Expectation } from "../calls/answer-check.js";
import { type CallName, calls } from "../calls/call.js";
import { MissingPartError } from "../failure.js";
import { packageRoot } from "../package-root.js";
import type { Scene } from "./scene.js";
import { type ServerProcess, startServer } from "./server-process.js";

export const baselineNames = [
  "bare-http-fixed",
  "bare-http-fresh",
  "bare-http-fresh-limited",
  "bare-verification",
  "bare-http2",
  "bare-http-distinct",
  "bare-http2-distinct",
  "fastify-app",
  "grpc-js-server",
  "bare-event-streams",
  "bare-grpc-streams",
] as const;
export type BaselineName = (typeof baselineNames)[number];

/** Those that answer as the service does under a limit: with the RateLimit fields that it sends. */
export const limitedServers: ReadonlySet<string> = new Set([
  "ice-service-limited",
  "bare-http-fresh-limited",
]);

/** Those that give each caller a name of its own. */
export const distinctServers: ReadonlySet<string> = new Set([
  "ice-service-distinct",
  "bare-http-distinct",
  "bare-http2-distinct",
  "go-http-issuer-distinct",
  "go-grpc-issuer-distinct",
]);

/** What a server answers the first token that it is asked with. */
export function expectationOf({ expected, distinct }: Scene, server: string): Expectation {
  return distinctServers.has(server) ? { ...expected, name: distinct.first.pseudonym } : expected;
}

const ownHeaders: Readonly<Record<string, readonly string[]>> = {
  "grpc-js-server": ["grpc-accept-encoding", "grpc-encoding", "grpc-message"],
  "go-grpc-issuer": ["grpc-message"],
  "go-grpc-issuer-distinct": ["grpc-message"],
};

/** Headers and trailers that a server's library sends by itself, with no way to stop it. */
export function ownHeadersOf(server: string): ReadonlySet<string> {
  return new Set(ownHeaders[server]);
}

/** The service's own answer to each call, which every baseline must match. */
export type ModelAnswers = Readonly<Record<CallName, Answer>>;

/** Asks the service once in every way, and checks what it says. */
export async function fetchModelAnswers(
  url: string,
  scene: Scene,
  server = "ice-service",
): Promise<ModelAnswers> {
  const { tokens, distinct } = scene;
  const token = distinctServers.has(server) ? distinct.first.token : tokens.connector;
  const fetchOne = async (name: CallName) => {
    const answer = await fetchAnswer(url, calls[name], token);
    checkAnswer(server, calls[name], answer, expectationOf(scene, server));
    return answer;
  };
  return {
    rest: await fetchOne("rest"),
    "rest-http2": await fetchOne("rest-http2"),
    connect: await fetchOne("connect"),
    grpc: await fetchOne("grpc"),
  };
}

/** What a baseline is told, with the headers that the service was seen to send. */
export function createSettings(scene: Scene, models: ModelAnswers): BaselineSettings {
  const keepAlive = models.rest.headers.find(([name]) => name.toLowerCase() === "keep-alive");
  return {
    ...scene.expected,
    restHeaders: pickHeaders(models.rest.headers),
    connectHeaders: pickHeaders(models.connect.headers),
    grpcHeaders: pickHeaders(models.grpc.headers),
    keepAliveSeconds: Number(/timeout=(\d+)/.exec(keepAlive?.[1] ?? "")?.[1] ?? 0),
    issuer: scene.es256.issuer,
    audience: scene.es256.audience,
    publicKeyFile: scene.publicKeyFile,
    tokenHash: scene.connectorTokenHash,
    callersFile: "",
  };
}

/** Of baselines that differ from others in their settings only. */
const programs: Partial<Record<BaselineName, string>> = {
  "bare-http-fresh-limited": "bare-http-fresh",
  "bare-http-distinct": "bare-http-fresh",
  "bare-http2-distinct": "bare-http2",
};

/** Starts a baseline; `node` is the binary that runs the service too. */
export function startBaseline(
  baseline: BaselineName,
  settings: BaselineSettings,
  { node, directory, name = baseline }: { node: string; directory: string; name?: string },
): Promise<ServerProcess> {
  const file = programs[baseline] ?? baseline;
  const program = join(packageRoot, `bench/dist/bench/baselines/${file}.js`);
  if (!existsSync(program)) {
    throw new MissingPartError(`${program} is missing: run \`npm run bench:build\``);
  }
  const args = [program, ...formatSettings(settings)];
  return startServer({ name, command: node, args, directory });
}

/** Node writes these itself, or they follow from the body. */
const leftToNode = new Set([
  "date",
  "connection",
  "keep-alive",
  "content-length",
  "transfer-encoding",
]);

/** The headers that a baseline must send itself. */
export function pickHeaders(headers: Answer["headers"]): HeaderList {
  return headers.filter(([name]) => !leftToNode.has(name.toLowerCase()));
}
