import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../clock.js";
import { type Diagnosis, diagnose, type Signer } from "../probe/diagnosis.js";
import type { ProbeOptions } from "../probe/probe.js";
import type { RelayLifetime } from "../probe/relay-lifetime.js";
import type { IceServerSettings } from "../turn/ice-server-settings.js";
import type { ManagedProvider } from "../turn/managed/managed-provider.js";
import { listUrlGroups } from "../turn/url-group.js";
import { checkLifetime } from "./check-lifetime.js";
import type { RelayMode } from "./check-options.js";
import { type CheckTarget, planCheck } from "./check-plan.js";

interface Found extends Diagnosis {
  /** The name of the secret or of the managed provider, for TURN. */
  readonly secret?: string;
  /** Whether the credential is a managed provider's. */
  readonly isManaged?: boolean;
  /** How long the relay lasts, where that was asked for and could be tried. */
  readonly lifetime?: RelayLifetime;
}

/** What was found at one address, with one secret. */
export interface CheckResult extends Found {
  /** Whether the failure, where there is one, leaves the URL in use. */
  readonly isWarning: boolean;
}

export interface CheckRunOptions extends ProbeOptions {
  readonly relay?: RelayMode | undefined;
  /** Whether to measure how long relays last. */
  readonly lifetime?: boolean | undefined;
}

/** Is told how many of the probes are done. */
export type ReportProgress = (done: number, total: number) => void;

/** Enough to be quick, too few to look like an attack. */
const maxParallel = 8;
/** For how long coturn counts an allocation that was given back, and a bit more. */
const quotaPauseMs = 1_500;

/**
 * Probes all that is configured, several at a time. What failed because the server had no room is probed again at
 * the end, alone: the probes may have been in each other's way.
 */
export async function runCheck(
  { regions, life }: Pick<IceServerSettings, "regions" | "life">,
  managed: readonly ManagedProvider[],
  options: CheckRunOptions,
  reportProgress: ReportProgress,
): Promise<readonly CheckResult[]> {
  const plan = await planCheck(listUrlGroups(regions, managed), options);
  const check = (target: CheckTarget, index: number) =>
    checkTarget(target, createSigner(target, index, life.ttlSeconds), options);
  let done = 0;
  reportProgress(done, plan.length);
  const results: Found[] = [];
  await runBounded([...plan.entries()], async ([index, target]) => {
    results[index] = "failure" in target ? target : await check(target, index);
    done += 1;
    reportProgress(done, plan.length);
  });
  for (const [index, target] of plan.entries()) {
    if ("server" in target && lacksRoom(results[index])) {
      await sleep(quotaPauseMs, undefined, options.signal && { signal: options.signal });
      results[index] = await check(target, index);
    }
  }
  if (options.lifetime) {
    await runBounded([...results.entries()], async ([index, result]) => {
      const target = plan[index];
      if (target !== undefined && "server" in target && result.relayedTransportAddress) {
        const signer = createSigner(target, index, life.ttlSeconds);
        const lifetime = await checkLifetime(target, signer, options);
        results[index] = { ...result, ...(lifetime && { lifetime }) };
      }
    });
  }
  return results.map((result) => ({ ...result, isWarning: isWarning(result, options.relay) }));
}

function lacksRoom(result: Diagnosis | undefined): boolean {
  const cause = result?.failure?.cause;
  return cause === "quota" || cause === "full" || cause === "no-capacity";
}

function isWarning({ failure, clockSkew }: Diagnosis, relay: RelayMode | undefined): boolean {
  if (clockSkew !== undefined) {
    return false;
  }
  switch (failure?.cause) {
    case "quota":
      return true;
    case "relay-unreachable":
    case "peer-denied":
      return relay === "auto";
    case "relay-not-tested":
      return relay !== "require";
    default:
      return false;
  }
}

async function checkTarget(
  { server, account }: CheckTarget,
  signer: Signer | undefined,
  options: ProbeOptions,
): Promise<Found> {
  const diagnosis = await diagnose(server, signer, options);
  return account === undefined
    ? diagnosis
    : { ...diagnosis, secret: account.label, isManaged: !account.canChooseExpiry };
}

/**
 * Signs as the service would. Where callers have names of their own, so has each probe, so that no
 * quota by name is in the way.
 */
function createSigner(
  { account, url }: CheckTarget,
  index: number,
  ttlSeconds: number,
): Signer | undefined {
  if (account === undefined) {
    return undefined;
  }
  const { sharedName, canChooseExpiry } = account;
  const name = `ice-service-check-${index}`;
  return {
    issue: (expiresAtSeconds) => account.issue(sharedName ?? name, expiresAtSeconds, url),
    ...(sharedName === undefined && {
      issueFresh: (expiresAtSeconds) =>
        account.issue(`${name}-${randomBytes(3).toString("hex")}`, expiresAtSeconds, url),
    }),
    canChooseExpiry,
    ttlSeconds,
    clock: systemClock,
  };
}

async function runBounded<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const runner = async () => {
    for (const item of queue) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: maxParallel }, runner));
}
