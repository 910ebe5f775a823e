import { createHash, createSecretKey, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { createPseudonymizer } from "../../src/turn/providers/shared-secret/holder-name.js";
import {
  createTemporaryDirectory,
  type TemporaryDirectory,
} from "../../test/parts/temporary-directory.js";
import { connectorTokens } from "../../test/parts/tokens.js";
import type { Expectation } from "../calls/answer-check.js";
import { createTokenIssuer, type TokenIssuer } from "../calls/token-issuer.js";

/** Keys, tokens, files and expected answers: the same for the service and for all baselines. */
export interface Scene {
  readonly directory: TemporaryDirectory;
  readonly expected: Expectation;
  readonly es256: TokenIssuer;
  /** One token for each way in, known to the service from its second call on. */
  readonly tokens: Readonly<Record<"es256" | "rs256" | "connector", string>>;
  readonly connectorTokenHash: string;
  readonly publicKeyFile: string;
  /** The service's configuration. */
  readonly configFile: string;
  /** The same with a limit for each caller, so high that no load of a bench meets it. */
  readonly limitedConfigFile: string;
  readonly watches: WatchScene;
  readonly distinct: DistinctScene;
  remove(): Promise<void>;
}

/** The same service for a thousand callers, each with a connector token and a pseudonym. */
export interface DistinctScene {
  readonly configFile: string;
  /** One token a line. */
  readonly tokensFile: string;
  /** JSON: who each token belongs to. */
  readonly callersFile: string;
  readonly first: { readonly token: string; readonly pseudonym: string };
}

/** The same service for one caller with thousands of watches. */
export interface WatchScene {
  readonly configFile: string;
  /** Changes the configuration so that everybody gets another list once it is read again. */
  readonly change: (index: number) => Promise<void>;
}

/** What a small production set-up would have: two issuers, one connector, STUN and TURN. */
export async function createScene(): Promise<Scene> {
  const directory = await createTemporaryDirectory("bench");
  // A run that fails or is interrupted leaves nothing behind: its logs are large.
  const removeNow = () => rmSync(directory.path, { recursive: true, force: true });
  process.once("exit", removeNow);

  const expected = {
    stunUrls: ["stun:stun.example.com:3478"],
    turnUrls: [
      "turn:turn.example.com:3478",
      "turn:turn.example.com:3478?transport=tcp",
      "turns:turn.example.com:443?transport=tcp",
    ],
    secret: randomBytes(24).toString("hex"),
    name: "webrtc-gateway",
    ttlSeconds: 86_400,
  };
  const es256 = createTokenIssuer("ES256");
  const rs256 = createTokenIssuer("RS256");
  const connector = `ice_${randomBytes(32).toString("base64url")}`;

  await directory.write("turn.secret", expected.secret);
  await directory.write("connectors.json", connectorTokens({ bench: connector }));
  const publicKeyFile = await directory.write("ES256.pem", es256.publicKey);
  await directory.write("RS256.pem", rs256.publicKey);
  const config = {
    listen: { host: "127.0.0.1", port: 0 },
    auth: {
      jwt: [es256, rs256].map(({ algorithm, issuer, audience }) => ({
        issuer,
        audience,
        algorithms: [algorithm],
        publicKeyFile: `${algorithm}.pem`,
      })),
      connectorTokensFile: "connectors.json",
    },
    ice: {
      stunUrls: expected.stunUrls,
      turn: {
        urls: expected.turnUrls,
        secretFiles: ["turn.secret"],
        ttl: `${expected.ttlSeconds}s`,
        name: expected.name,
      },
    },
    log: { level: "info" },
    // There is no load balancer that must notice first.
    shutdown: { delay: "0s" },
  };
  // As many as can be configured, in a window short enough for a fast machine.
  const limits = { caller: { requests: 1_000_000, window: "10s" } };
  const watchLimits = { watches: 10_000, watchesPerCaller: 10_000 };
  const writeWatchConfig = (name: string) =>
    directory.write(
      "watches.yaml",
      JSON.stringify({
        ...config,
        ice: { ...config.ice, turn: { ...config.ice.turn, name } },
        limits: watchLimits,
      }),
    );
  return {
    directory,
    expected,
    es256,
    tokens: { es256: es256.sign(), rs256: rs256.sign(), connector },
    connectorTokenHash: createHash("sha256").update(connector).digest("hex"),
    publicKeyFile,
    // JSON is YAML too.
    configFile: await directory.write("ice.yaml", JSON.stringify(config)),
    limitedConfigFile: await directory.write("limited.yaml", JSON.stringify({ ...config, limits })),
    watches: {
      configFile: await writeWatchConfig(expected.name),
      async change(index) {
        await writeWatchConfig(`${expected.name}-${index}`);
      },
    },
    distinct: await writeDistinctCallers(directory, config, expected.secret),
    async remove() {
      process.off("exit", removeNow);
      await directory.remove();
    },
  };
}

const distinctCallers = 1000;

interface SharedConfig {
  readonly auth: object;
  readonly ice: { readonly turn: object };
}

async function writeDistinctCallers(
  directory: TemporaryDirectory,
  config: SharedConfig,
  secret: string,
): Promise<DistinctScene> {
  const tokens = Array.from(
    { length: distinctCallers },
    () => `ice_${randomBytes(32).toString("base64url")}`,
  );
  const nameOf = (index: number) => `caller-${String(index).padStart(4, "0")}`;
  const byName = Object.fromEntries(tokens.map((token, index) => [nameOf(index), token]));
  const byToken = Object.fromEntries(tokens.map((token, index) => [token, nameOf(index)]));
  await directory.write("callers.yaml", connectorTokens(byName));
  const { name: _, ...turn } = { name: "", ...config.ice.turn };
  const distinctConfig = {
    ...config,
    auth: { ...config.auth, connectorTokensFile: "callers.yaml" },
    ice: { ...config.ice, turn: { ...turn, identity: "pseudonym" } },
  };
  const pseudonym = createPseudonymizer(createSecretKey(secret, "utf8"))({
    kind: "connector",
    issuer: "",
    subject: nameOf(0),
  });
  return {
    configFile: await directory.write("distinct.yaml", JSON.stringify(distinctConfig)),
    tokensFile: await directory.write("callers.tokens", `${tokens.join("\n")}\n`),
    callersFile: await directory.write("callers.json", JSON.stringify(byToken)),
    first: { token: tokens[0] ?? "", pseudonym },
  };
}
