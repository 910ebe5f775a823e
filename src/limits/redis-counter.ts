import { hash } from "node:crypto";
import type { Redis } from "ioredis";
import { findErrorCode } from "../errors.js";
import type { Log } from "../log.js";
import type { SharedCount, SharedCounter } from "./quota.js";
import type { RedisConfig } from "./redis-config.js";
import { readRedisOptions, retryIntervalMs } from "./redis-options.js";

/** How long a call waits for the answer at most. */
const answerTimeoutMs = 50;

/** In one step, so that no key is left without an end. Redis 2.6 and later, Valkey. */
const countScript = `
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[1])
  redis.call('PEXPIRE', KEYS[1], left)
end
return {count, left}`;

type Outcome = { readonly counted: SharedCount } | { readonly failure: string };

/**
 * Counts in Redis or Valkey. When it fails, or is slow once, nobody asks any more until a trial by
 * ourselves goes well: at most those calls wait that had asked before.
 */
export class RedisCounter implements SharedCounter {
  readonly #config: RedisConfig;
  readonly #log: Log;
  #state: "closed" | "connecting" | "up" | "down" = "closed";
  #redis: Redis | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #lastStatus: Redis["status"] | undefined;
  #trying = false;
  #onSettled = () => {};
  /** Settles when it is known whether Redis responds: shortly after {@link open}. */
  readonly settled = new Promise<void>((resolve) => {
    this.#onSettled = resolve;
  });

  constructor(config: RedisConfig, log: Log) {
    this.#config = config;
    this.#log = log;
  }

  get isUp(): boolean {
    return this.#state === "up";
  }

  /** Connects, and connects again whenever the connection is lost. Returns at once. */
  open(): void {
    if (this.#state !== "closed") {
      return;
    }
    this.#state = "connecting";
    this.#retryTimer = setInterval(() => this.#watch(), retryIntervalMs).unref();
    this.#connect().catch((error: unknown) => this.#markDown(nameFailure(error)));
  }

  /** Ends the connection, for good. */
  close(): void {
    this.#state = "closed";
    clearInterval(this.#retryTimer);
    this.#redis?.disconnect();
    this.#onSettled();
  }

  async add(key: string, windowMs: number): Promise<SharedCount | undefined> {
    const outcome = await this.#ask(key, windowMs);
    if ("counted" in outcome) {
      return outcome.counted;
    }
    this.#markDown(outcome.failure);
    return undefined;
  }

  async #connect(): Promise<void> {
    // Loaded only here: most deployments have no use for it.
    const { Redis } = await import("ioredis");
    if (this.#state === "closed") {
      return;
    }
    const redis = new Redis(readRedisOptions(this.#config));
    this.#redis = redis;
    redis.on("ready", () => void this.#retry());
    redis.on("error", (error: Error) => this.#markDown(nameFailure(error)));
    redis.on("close", () => this.#markDown("connection closed"));
    // Told by "error" as well.
    redis.connect().catch(() => {});
  }

  /** Called every {@link retryIntervalMs}. */
  #watch(): void {
    const status = this.#redis?.status;
    const isStuck = status === this.#lastStatus;
    this.#lastStatus = status;
    if (status === "ready") {
      void this.#retry();
    } else if (isStuck && status !== undefined) {
      this.#markDown("too slow");
      // ioredis bounds the time to connect, but not that of the login ("connect") which follows.
      if (status === "connect") {
        this.#redis?.disconnect(true);
      }
    }
  }

  /** Counts a key of our own: Redis may answer, and yet not be allowed to write. */
  async #retry(): Promise<void> {
    if (this.#trying || this.isUp || this.#redis?.status !== "ready") {
      return;
    }
    this.#trying = true;
    const outcome = await this.#ask("trial", 1_000);
    this.#trying = false;
    if ("counted" in outcome) {
      this.#markUp();
    } else {
      this.#markDown(outcome.failure);
      // What hangs is not waited for, and must not pile up.
      this.#redis?.disconnect(true);
    }
  }

  #ask(key: string, windowMs: number): Promise<Outcome> {
    const redis = this.#redis;
    if (redis === undefined) {
      return Promise.resolve({ failure: "not connected" });
    }
    const asked = new Promise<Outcome>((resolve) => {
      // If it was this process that was busy, the answer is there by now and is read first.
      const timer = setTimeout(
        () => setImmediate(() => resolve({ failure: "too slow" })),
        answerTimeoutMs,
      );
      // Keys hold no names and no addresses.
      const digest = hash("sha256", key, "base64url");
      redis
        .eval(countScript, 1, `${this.#config.keyPrefix}${digest}`, windowMs)
        .then(readReply, (error: unknown) => ({ failure: nameFailure(error) }))
        .then((outcome) => {
          clearTimeout(timer);
          resolve(outcome);
        });
    });
    // Whatever is wrong there, it is no caller's fault.
    return asked.catch((error: unknown) => ({ failure: nameFailure(error) }));
  }

  #markUp(): void {
    if (this.#state === "down") {
      this.#log.info({ redis: this.#config.address }, "limits are shared again");
    }
    if (this.#state !== "closed") {
      this.#state = "up";
      this.#onSettled();
    }
  }

  #markDown(cause: string): void {
    if (this.#state === "connecting" || this.#state === "up") {
      this.#state = "down";
      const fields = { redis: this.#config.address, cause };
      this.#log.warn(fields, "limits are counted in this process alone, because Redis fails");
      this.#onSettled();
    }
  }
}

function readReply(reply: unknown): Outcome {
  const [count, leftMs]: unknown[] = Array.isArray(reply) ? reply : [];
  return typeof count === "number" && typeof leftMs === "number"
    ? { counted: { count, leftMs } }
    : { failure: "unknown answer" };
}

/**
 * Such as `ECONNREFUSED`, `NOAUTH` if Redis refuses, or `Sentinel: NOAUTH`. No more of it: ioredis puts commands with
 * their arguments into its errors, the password of AUTH among them.
 */
function nameFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const [noSentinel, last] = /^All sentinels\b.*?(?:Last error: (.*))?$/s.exec(message) ?? [];
  if (noSentinel !== undefined) {
    const [, refusal] = /^([A-Z]{4,20})\b/.exec(last ?? "") ?? [];
    const silence = last === undefined ? "no Sentinel knows the master" : "no Sentinel answers";
    return refusal === undefined ? silence : `Sentinel: ${refusal}`;
  }
  const [, reply] = /^([A-Z]{2,20})\b/.exec(message) ?? [];
  return findErrorCode(error) ?? reply ?? "connection failed";
}
