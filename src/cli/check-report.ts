import { styleText } from "node:util";
import type { ProbeFailure } from "../probe/probe-failure.js";
import { probeFixes } from "../probe/probe-fix.js";
import { type ServerAddress, transportOf } from "../probe/server-address.js";
import { printTransportAddress } from "../probe/transport-address.js";
import type { FailedProvider } from "./asked-providers.js";
import { lifetimeMeanings } from "./check-lifetime.js";
import type { CheckResult } from "./check-run.js";
import { type Column, formatTable } from "./table.js";

const columns: readonly Column[] = [
  { title: "URL", align: "left" },
  { title: "ADDRESS", align: "left" },
  { title: "TRANSPORT", align: "left" },
  { title: "SECRET", align: "left" },
  { title: "RESULT", align: "left" },
  { title: "RTT", align: "right" },
  { title: "RELAY", align: "left" },
];

type Paint = (style: "red" | "yellow" | "green" | "bold", text: string) => string;

/** Whether nothing is wrong, or nothing that takes the URL out of use. */
export function isFine({ failure, isWarning }: CheckResult): boolean {
  return failure === undefined || isWarning;
}

/** The table, and below it what is wrong, where, and what to do about it. */
export function printCheckTable(results: readonly CheckResult[], colour: boolean): string {
  const paint: Paint = (style, text) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const rows = results.map((result) => [
    result.url.text,
    result.server === undefined ? "-" : listAddresses(result, result.server).join(" → "),
    transportOf(result.url),
    result.secret ?? "-",
    result.failure === undefined
      ? paint("green", "ok")
      : paint(styleOf(result), result.failure.cause),
    result.roundTripMs === undefined ? "-" : `${result.roundTripMs.toFixed(1)} ms`,
    result.relayedTransportAddress ?? "-",
  ]);
  return [
    formatTable(columns, rows),
    ...describeProblems(results, paint),
    ...describeLifetimes(results, paint),
    "",
  ].join("\n");
}

function describeProblems(results: readonly CheckResult[], paint: Paint): string[] {
  const notes = results.flatMap((result) =>
    result.failure === undefined
      ? []
      : {
          name: paint("bold", nameResult(result)),
          text: `${paint(styleOf(result), result.failure.cause)}: ${result.failure.detail}`,
          advice: findFix(result.failure, result, results),
        },
  );
  return groupNotes(notes);
}

function describeLifetimes(results: readonly CheckResult[], paint: Paint): string[] {
  const notes = results.flatMap((result) =>
    result.lifetime === undefined
      ? []
      : {
          name: paint("bold", nameResult(result)),
          text: `lifetime ${result.lifetime.verdict}: ${result.lifetime.detail}`,
          advice: lifetimeMeanings[result.lifetime.verdict],
        },
  );
  return groupNotes(notes);
}

interface Note {
  readonly name: string;
  readonly text: string;
  readonly advice: string;
}

/** What is the same for several is told once. */
function groupNotes(notes: readonly Note[]): string[] {
  const adviceOf = new Map(notes.map(({ text, advice }) => [text, advice]));
  return [...adviceOf].flatMap(([text, advice]) => [
    "",
    text,
    ...notes.filter((note) => note.text === text).map(({ name }) => `  ${name}`),
    `  → ${advice}`,
  ]);
}

/** Of the server, and of the alternates that it sent us to. */
function listAddresses({ alternates = [] }: CheckResult, server: ServerAddress): string[] {
  return [server, ...alternates].map(printTransportAddress);
}

function styleOf({ isWarning }: CheckResult): "yellow" | "red" {
  return isWarning ? "yellow" : "red";
}

/** What is known of providers whose servers could not be probed. */
export function printFailedProviders(failed: readonly FailedProvider[]): string {
  const notes = failed.map(({ provider, problem }) => ({
    name: provider,
    text: `no credential: ${problem}`,
    advice: "Check its settings and its token in ice.turn.managed, and whether the service works",
  }));
  return groupNotes(notes)
    .map((line) => `${line}\n`)
    .join("");
}

/** What to do about a failure, seen together with those of the other secrets. */
function findFix(
  { cause }: ProbeFailure,
  { url, server, isManaged }: CheckResult,
  results: readonly CheckResult[],
): string {
  if (cause === "wrong-secret" && isManaged) {
    return "The provider's server rejects the credential that the provider has just given: ask the provider";
  }
  const atServer = results.filter(
    (other) => other.url === url && other.server?.address === server?.address,
  );
  // Other expiries have been tried as well, see the diagnosis.
  return cause === "wrong-secret" && atServer.every(({ failure }) => failure?.cause === cause)
    ? "The server accepts no secret and no expiry: set use-auth-secret if it is missing, and compare static-auth-secret, character by character"
    : probeFixes[cause];
}

/**
 * One result, for scripts.
 * @param results all of them
 */
export function describeResult(result: CheckResult, results: readonly CheckResult[]): object {
  const { url, server, alternates, secret, failure, clockSkew, lifetime } = result;
  return {
    url: url.text,
    ...(server !== undefined && { address: printTransportAddress(server) }),
    ...(alternates !== undefined && {
      alternateServers: alternates.map(printTransportAddress),
    }),
    transport: transportOf(url),
    ...(secret !== undefined && { secret }),
    ok: isFine(result),
    roundTripMs: result.roundTripMs && Math.round(result.roundTripMs * 10) / 10,
    mappedAddress: result.mappedAddress,
    realm: result.realm,
    relayedTransportAddress: result.relayedTransportAddress,
    relayProven: result.relayProven,
    ...(failure !== undefined && { ...failure, fix: findFix(failure, result, results) }),
    ...(clockSkew !== undefined && { clockSkew }),
    ...(lifetime !== undefined && {
      lifetime: { ...lifetime, meaning: lifetimeMeanings[lifetime.verdict] },
    }),
  };
}

/** Which of the results has changed since the round before, a line for each. */
export function printChanges(
  before: readonly CheckResult[],
  now: readonly CheckResult[],
): readonly string[] {
  const outcome = ({ failure }: CheckResult) => failure?.cause ?? "ok";
  const outcomesBefore = new Map(before.map((result) => [nameResult(result), outcome(result)]));
  const outcomesNow = new Map(now.map((result) => [nameResult(result), outcome(result)]));
  const names = new Set([...outcomesBefore.keys(), ...outcomesNow.keys()]);
  return [...names].flatMap((name) => {
    const [was = "absent", is = "absent"] = [outcomesBefore.get(name), outcomesNow.get(name)];
    return was === is ? [] : [`${name}: ${was} → ${is}`];
  });
}

/** What tells a result from the others. */
function nameResult({ url, server, secret }: CheckResult): string {
  const address = server === undefined ? "" : ` at ${printTransportAddress(server)}`;
  return `${url.text}${address}${secret === undefined ? "" : ` with ${secret}`}`;
}
