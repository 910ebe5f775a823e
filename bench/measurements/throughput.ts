import { countHttp1Bytes, fetchAnswer } from "../calls/answer.js";
import { checkAnswer } from "../calls/answer-check.js";
import { compareAnswers } from "../calls/answer-comparison.js";
import { type CallName, calls } from "../calls/call.js";
import { WrongAnswerError } from "../failure.js";
import { type LoadFigure, runCheckedLoad } from "../load/checked-load.js";
import {
  expectationOf,
  limitedServers,
  type ModelAnswers,
  ownHeadersOf,
} from "../processes/baseline.js";
import type { Fleet } from "../processes/fleet.js";
import type { Scene } from "../processes/scene.js";
import type { Progress } from "../report/progress.js";
import { type Measurement, nameMeasurement } from "./measurement.js";
import { createTokenSupply, cycledTokens, maxFirstSeenSeconds } from "./token-supply.js";

export interface LoadOptions {
  readonly rounds: number;
  /** Of each measurement in each round. */
  readonly seconds: number;
  readonly callsInFlight: number;
  readonly progress: Progress;
}

const warmUpSeconds = 2;
/**
 * Calls after which a server is warm: V8 compiles by calls, not by seconds, so that a slow server
 * would be measured while it is still being compiled. The cache knows the 10,000 tokens by then, too.
 */
const warmUpCalls = 4 * cycledTokens;

/** Of each load before it counts: V8 gives memory back while a server waits for its turn. */
const leadInSeconds = 1;

/** By so many bytes answers differ in length as the numbers in their RateLimit field count down. */
const rateLimitDigits = 3;

/** Figures by {@link nameMeasurement}, one a round. */
export type ThroughputFigures = ReadonlyMap<string, readonly LoadFigure[]>;

/**
 * Checks and warms up every server, then loads one after the other, round by round: what the
 * machine does meanwhile then touches all of them alike. Figures are added to those at hand.
 *
 * @param roundNumbers those of the rounds that these servers are there for
 * @throws WrongAnswerError when a server answers otherwise than the service, or fails under load
 */
export async function measureThroughput(
  measurements: readonly Measurement[],
  fleet: Fleet,
  scene: Scene,
  roundNumbers: readonly number[],
  { rounds, seconds, callsInFlight, progress }: LoadOptions,
  figures: Map<string, LoadFigure[]>,
): Promise<void> {
  const supply = createTokenSupply(scene);

  async function load(
    measurement: Measurement,
    round: number,
    wantedSeconds: number,
  ): Promise<LoadFigure> {
    const { server: name, call, tokens } = measurement;
    const loadSeconds =
      tokens === "first-seen-es256" ? Math.min(wantedSeconds, maxFirstSeenSeconds) : wantedSeconds;
    const server = fleet.find(name);
    const figure = await runCheckedLoad(
      server,
      {
        call: calls[call],
        url: server.url,
        seconds: loadSeconds,
        callsInFlight,
        tokens: supply.supply(tokens, round, loadSeconds),
        directory: scene.directory.path,
      },
      countAnswerBytes(fleet.modelsOf(name), call),
      // Over HTTP/2 only bodies are counted.
      limitedServers.has(name) && calls[call].http === 1 ? rateLimitDigits : 0,
    );
    supply.observeRate(tokens, figure.callsPerSecond);
    return figure;
  }

  for (const measurement of measurements) {
    progress.step(`checking ${nameMeasurement(measurement)}`);
    await checkServer(measurement, fleet, scene, supply.takeOne(measurement.tokens));
  }
  for (const measurement of measurements) {
    progress.step(`warming up ${nameMeasurement(measurement)}`);
    // Rounds before the first, with new tokens for each.
    for (let round = 0, done = 0; done < warmUpCalls; round -= 1) {
      done += (await load(measurement, round, warmUpSeconds)).calls;
    }
  }
  for (const round of roundNumbers) {
    for (const measurement of measurements) {
      const name = nameMeasurement(measurement);
      progress.step(`round ${round} of ${rounds}: ${name}`);
      // Of a round after the last, with new tokens.
      await load(measurement, rounds + round, leadInSeconds);
      const figure = await load(measurement, round, seconds);
      if (figure.outOfTokens) {
        throw new WrongAnswerError(`${name}: ran out of new tokens; run it again`);
      }
      figures.set(name, [...(figures.get(name) ?? []), figure]);
    }
  }
}

/** Asks once: the answer must be right, and the same as the service's. */
export async function checkServer(
  { server, call }: Measurement,
  fleet: Fleet,
  scene: Scene,
  token: string,
): Promise<void> {
  const answer = await fetchAnswer(fleet.find(server).url, calls[call], token);
  checkAnswer(server, calls[call], answer, expectationOf(scene, server));
  compareAnswers(server, calls[call], fleet.modelsOf(server)[call], answer, ownHeadersOf(server));
}

function countAnswerBytes(models: ModelAnswers, call: CallName): number {
  const answer = models[call];
  return calls[call].http === 1 ? countHttp1Bytes(answer) : answer.body.byteLength;
}
