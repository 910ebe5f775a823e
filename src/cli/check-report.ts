import { styleText } from "node:util";
import { probeFixes } from "../probe/probe-fix.js";
import { type ServerAddress, transportOf } from "../probe/server-address.js";
import { printTransportAddress } from "../probe/transport-address.js";
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
  return [formatTable(columns, rows), ...describeProblems(results, paint), ""].join("\n");
}

/** What went wrong in the same way is told once. */
function describeProblems(results: readonly CheckResult[], paint: Paint): string[] {
  const namesOf = new Map<string, string[]>();
  const fixOf = new Map<string, string>();
  for (const result of results) {
    if (result.failure !== undefined) {
      const { cause, detail } = result.failure;
      const problem = `${paint(styleOf(result), cause)}: ${detail}`;
      namesOf.set(problem, [...(namesOf.get(problem) ?? []), paint("bold", nameResult(result))]);
      fixOf.set(problem, probeFixes[cause]);
    }
  }
  return [...namesOf].flatMap(([problem, names]) => [
    "",
    problem,
    ...names.map((name) => `  ${name}`),
    `  → ${fixOf.get(problem)}`,
  ]);
}

/** Of the server, and of the alternates that it sent us to. */
function listAddresses({ alternates = [] }: CheckResult, server: ServerAddress): string[] {
  return [server, ...alternates].map(printTransportAddress);
}

function styleOf({ isWarning }: CheckResult): "yellow" | "red" {
  return isWarning ? "yellow" : "red";
}

/** One result, for scripts. */
export function describeResult(result: CheckResult): object {
  const { url, server, alternates, secret, failure, clockSkew } = result;
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
    ...(failure !== undefined && { ...failure, fix: probeFixes[failure.cause] }),
    ...(clockSkew !== undefined && { clockSkew }),
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
