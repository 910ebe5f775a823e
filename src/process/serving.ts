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
  /** The configuration file; undefined for the one that `ICE_CONFIG` names, if any. */
  readonly file: string | undefined;
  /** 1: the process that the operator has started serves. From 2 on, that many workers do. */
  readonly workerCount: number;
  /** Only with one process. */
  readonly dev: DevRun | undefined;
}

/** What `--dev` adds, for one run. */
export interface DevRun {
  /** Signs TURN credentials, unless the configuration brings a secret. */
  readonly secret: KeyObject;
  readonly connectorToken: ConnectorTokenEntry;
  /**
   * Starts a coturn that accepts the credentials, if one is wanted. The signal ends the start.
   * @throws ConfigError when it cannot start
   */
  startCoturn(config: Config, signal: AbortSignal): Promise<DevCoturn | undefined>;
  /** To be called when the service takes calls at this URL. */
  announce(config: Config, url: string): void;
}

/** What answers calls is started with this. */
export interface ServingStart {
  readonly order: ServeOrder;
  readonly config: Config;
  /** What the configuration was read from. */
  readonly files: DiskFiles;
  readonly parts: ProcessParts;
  readonly supervision: Supervision;
}

/** What answers calls: the service in this process, or workers that each have one. */
export interface Serving {
  /**
   * Settles with its URL when it takes calls. Rejects when it cannot: with a ConfigError when the
   * configuration is the reason.
   */
  readonly ready: Promise<string>;
  /**
   * Has it serve by another configuration, which was read from these files.
   * @throws ConfigError when it cannot be used; nothing is changed then
   */
  configure(config: Config, contents: FileContents): void;
  /**
   * Stops gracefully, in bounded time.
   * @returns whether every process ended well
   */
  stop(): Promise<boolean>;
  /** Ends its other processes at once, as this one is about to end. */
  kill(): void;
}
