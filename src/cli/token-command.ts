import { buffer } from "node:stream/consumers";
import { stringify } from "yaml";
import {
  createConnectorToken,
  hashConnectorToken,
  isConnectorName,
} from "../authentication/connector/connector-token.js";
import { defaultMaxTokenBytes } from "../authentication/token-size.js";
import { printTime, systemClock } from "../clock.js";
import { parseDuration } from "../config/duration.js";
import { refuseFlaw } from "../config/free-text.js";
import { decodeUtf8, EncodingError } from "../config/text-encoding.js";
import { usageError } from "../errors.js";

/** A hundred years. Much later, a year has five digits, and the tokens file refuses it. */
const maxExpiry = { text: "36500d", seconds: 36_500 * 86_400 };

/** The command line of `token new`. */
export interface NewTokenOptions {
  readonly name: string;
  readonly expires?: string;
  readonly json?: boolean;
  readonly mayNameUsers?: boolean;
}

/**
 * `token new`: prints a new token, once, and its entry for the tokens file.
 * @returns the exit code, 0
 * @throws ConfigError when the name or the duration cannot be used
 */
export function newToken({ name, expires, json, mayNameUsers }: NewTokenOptions): number {
  refuseFlaw("--name", name);
  if (!isConnectorName(name)) {
    throw usageError("--name", "is not 1 to 200 printable characters", "Write --name signaling");
  }
  const seconds = expires === undefined ? undefined : parseDuration(expires);
  const isInRange = seconds !== undefined && seconds >= 1 && seconds <= maxExpiry.seconds;
  if (expires !== undefined && !isInRange) {
    throw usageError(
      "--expires",
      `${JSON.stringify(expires)} is not a duration from 1s to ${maxExpiry.text}`,
      "Write --expires 90d, for example",
    );
  }
  const token = createConnectorToken();
  const entry = {
    name,
    hash: hashConnectorToken(token),
    ...(seconds !== undefined && {
      expires: printTime(systemClock() / 1000 + seconds),
    }),
    ...(mayNameUsers && { mayNameUsers }),
  };
  process.stdout.write(
    json
      ? `${JSON.stringify({ token, entry })}\n`
      : `# The token, shown only once:\n${token}\n\n# Its entry for the connector tokens file:\n${stringify({ tokens: [entry] })}`,
  );
  return 0;
}

/**
 * `token hash`: prints the hash of the one token on standard input, without its trailing newline.
 * @returns the exit code, 0
 * @throws ConfigError when there is no token, or it is longer than tokens may be
 */
export async function hashToken(): Promise<number> {
  if (process.stdin.isTTY) {
    process.stderr.write("Paste the token, then Enter and Ctrl-D:\n");
  }
  const token = decodeInput(await buffer(process.stdin)).replace(/\r?\n$/, "");
  refuseFlaw("standard input", token);
  if (token === "" || Buffer.byteLength(token) > defaultMaxTokenBytes || /\s/.test(token)) {
    throw usageError(
      "standard input",
      `does not contain one token of 1 to ${defaultMaxTokenBytes} bytes without white space`,
      "Run: printf %s TOKEN | ice-service token hash",
    );
  }
  const special = [...new Set(token.match(notInQuery))].join(" ");
  if (special !== "") {
    process.stderr.write(
      `warning: the token contains ${special} and clients that put it into a URL as it is (?token=) send another token; \`ice-service token new\` makes one without such characters\n`,
    );
  }
  process.stdout.write(`${hashConnectorToken(token)}\n`);
  return 0;
}

function decodeInput(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes, { keepsByteOrderMark: true });
  } catch (error) {
    throw error instanceof EncodingError
      ? usageError("standard input", error.flaw.problem, error.flaw.fix)
      : error;
  }
}

/** Characters that end or change a token in a query, or cannot be there as they are (RFC 3986 section 3.4). */
const notInQuery = /[^\w.~!$'()*+,;=:@/?-]/gu;
