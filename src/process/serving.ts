import type { KeyObject } from "node:crypto";
import type { ConnectorTokenEntry } from "../authentication/connector/connector-token.js";
import type { ProcessParts } from "../compose/process-parts.js";
import type { DiskFiles } from "../files/disk-files.js";
import type { FileContents } from "../files/file-contents.js";
import type { Config } from "../service-config.js";
import type { DevCoturn } from "./dev-coturn.js";
import type { Supervision } from "./supervision.js";

/** What to serve, and with how many processes. */
export interface ServeOrder {
  /** The configuration file; undefined for the one in `ICE_CONFIG`, if any. */
  readonly file: string | undefined;
  /** 1: the process that the operator started serves. From 2 on, as many workers do. */
  readonly workerCount: number;
  /** Only with one process. */
  readonly dev: DevRun | undefined;
}

/** What `--dev` adds to one run. */
export interface DevRun {
  /** Signs TURN credentials, unless the configuration has a secret. */
  readonly secret: KeyObject;
  readonly connectorToken: ConnectorTokenEntry;
  /**
   * Starts a coturn that accepts the credentials, if one is wanted. The signal ends the start.
   * @throws ConfigError when it cannot start
   */
  startCoturn(config: Config, signal: AbortSignal): Promise<DevCoturn | undefined>;
  /** Must be called when the service accepts calls at this URL. */
  announce(config: Config, url: string): void;
}

/** What a {@link Serving} is started with. */
export interface ServingStart {
  readonly order: ServeOrder;
  readonly config: Config;
  /** The files that the configuration was read from. */
  readonly files: DiskFiles;
  readonly parts: ProcessParts;
  readonly supervision: Supervision;
}

/** Answers calls: the service in this process, or workers that each have one. */
export interface Serving {
  /**
   * Settles with its URL when it accepts calls. Rejects when it cannot, with a ConfigError if the
   * configuration is the reason.
   */
  readonly ready: Promise<string>;
  /**
   * Serves with another configuration, which was read from these files.
   *
   * @throws ConfigError when it cannot be used; then nothing changes
   */
  configure(config: Config, contents: FileContents): void;
  /**
   * Stops gracefully, in bounded time.
   *
   * @returns whether every process ended without an error
   */
  stop(): Promise<boolean>;
  /** Ends its other processes at once, because this one is about to end. */
  kill(): void;
}
