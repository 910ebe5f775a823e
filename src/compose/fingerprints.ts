import { hash, type KeyObject, scrypt } from "node:crypto";
import { basename, isAbsolute } from "node:path";
import { promisify } from "node:util";
import { describeGauge, type Metric } from "../observability/metric.js";
import { type Config, describeConfig } from "../service-config.js";

const stretch = promisify<Buffer, string, number, Buffer>(scrypt);

/** 32 bits: what differs looks equal once in four billion times. */
const fingerprintBytes = 4;

/** Never changed: instances of different versions are compared, and answers of different days. */
const secretSalt = "ice-service TURN secret fingerprint";

/** By the key, as a scrape must not cost this each time. */
const secretFingerprints = new WeakMap<KeyObject, Promise<string>>();

/**
 * What shows whether instances answer alike. The names of files count without their folders, and
 * not what is in the files; where it listens and what it logs do not count.
 */
export async function describeFingerprints(config: Config): Promise<Metric[]> {
  const secrets = config.ice.servers.regions.flatMap(({ name, sharedSecret }) =>
    sharedSecret === undefined ? [] : [{ name, key: sharedSecret.secrets[0].key }],
  );
  return [
    describeGauge(
      "ice_config_info",
      "Always 1; the label has a fingerprint of the configuration in effect.",
      [{ labels: { fingerprint: fingerprintConfig(config) }, value: 1 }],
      "first",
    ),
    describeGauge(
      "ice_turn_secret_info",
      "Always 1; the label has a fingerprint of the secret that signs, by region.",
      await Promise.all(
        secrets.map(async ({ name, key }) => ({
          labels: {
            region: name === "" ? "default" : name,
            fingerprint: await fingerprintSlowly(key),
          },
          value: 1,
        })),
      ),
      "first",
    ),
  ];
}

function fingerprintConfig(config: Config): string {
  const listen = { ...config.listen, host: "", port: 0 };
  const counted = Object.entries(describeConfig({ ...config, listen })).filter(
    ([section]) => section !== "admin" && section !== "log",
  );
  const text = JSON.stringify(counted, (_, value) =>
    typeof value === "string" && isAbsolute(value) ? basename(value) : value,
  );
  return hash("sha256", text).slice(0, 2 * fingerprintBytes);
}

/** Slow on purpose, see docs/decisions/secret-fingerprint.md. */
function fingerprintSlowly(key: KeyObject): Promise<string> {
  let fingerprint = secretFingerprints.get(key);
  if (fingerprint === undefined) {
    fingerprint = stretch(key.export(), secretSalt, fingerprintBytes).then((bytes) =>
      bytes.toString("hex"),
    );
    secretFingerprints.set(key, fingerprint);
    // Without memory or a free thread, for once: the next scrape tries again.
    fingerprint.catch(() => secretFingerprints.delete(key));
  }
  return fingerprint;
}
