import type { ManagedCredential } from "./managed-credential.js";

/** A company or a service that hands out TURN servers with credentials, asked over HTTP. */
export interface ManagedService {
  /** Names it in logs, metrics, and reports, such as `cloudflare`. Never a secret. */
  readonly name: string;
  /**
   * Another one for other settings that its credentials depend on, secrets included. Does not reveal the
   * secrets.
   */
  readonly identity: string;
  /** How long a whole response may take, in milliseconds. */
  readonly timeoutMs: number;
  /** The most requests within an hour; undefined is no limit. */
  readonly maxPerHour: number | undefined;
  /** Makes the request that gets a new credential. Called once for each. */
  createRequest(): ManagedRequest;
  /**
   * Reads what the service has answered with status 200 or 201.
   *
   * @param body parsed JSON
   * @throws ManagedError when it is not what the service documents
   */
  readResponse(body: unknown): ManagedCredential;
}

/** One HTTP request. URL, headers, and body may hold secrets: none of them may be logged. */
export interface ManagedRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}
