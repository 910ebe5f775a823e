import { spawn } from "node:child_process";
import { once } from "node:events";
import type { BaselineSettings } from "../baselines/settings.js";
import { fetchAnswer } from "../calls/answer.js";
import { calls } from "../calls/call.js";
import { WrongAnswerError } from "../failure.js";
import { startBaseline } from "../processes/baseline.js";
import type { Scene } from "../processes/scene.js";
import type { ServerProcess } from "../processes/server-process.js";
import { startService } from "../processes/service.js";
import type { Progress } from "../report/progress.js";
import type { RowFigures, RowTitle } from "../report/row.js";

const starts = 10;
const name = "start-up to the first answer";

export interface StartUpRow extends RowTitle {
  readonly against: "baseline" | "node";
}

export const startUpRows: readonly StartUpRow[] = [
  {
    name,
    comparedWith: "bare node:http, fresh credential",
    unit: "ms",
    target: { of: "ours", relation: "<", value: 400 },
    against: "baseline",
  },
  { name, comparedWith: "node -e 0, spawn to exit", unit: "ms", against: "node" },
];

/** From the moment of the spawn to a complete 200, in milliseconds; ten starts of each, in turn. */
export async function measureStartUp(
  rows: readonly StartUpRow[],
  scene: Scene,
  settings: BaselineSettings,
  { node, progress }: { readonly node: string; readonly progress: Progress },
): Promise<RowFigures[]> {
  const times: Record<"ours" | StartUpRow["against"], number[]> = {
    ours: [],
    baseline: [],
    node: [],
  };
  const directory = scene.directory.path;
  for (let start = 1; start <= starts; start++) {
    progress.step(`start ${start} of ${starts}`);
    const files = `start-up-${start}`;
    times.ours.push(
      await timeFirstAnswer(() => startService(scene, { name: `${files}-service`, node }), scene),
    );
    times.baseline.push(
      await timeFirstAnswer(
        () =>
          startBaseline("bare-http-fresh", settings, {
            node,
            directory,
            name: `${files}-baseline`,
          }),
        scene,
      ),
    );
    times.node.push(await timeBareNode(node));
  }
  return rows.map(({ against, ...row }) => ({
    ...row,
    ours: times.ours,
    theirs: times[against],
  }));
}

async function timeFirstAnswer(start: () => Promise<ServerProcess>, scene: Scene): Promise<number> {
  const server = await start();
  try {
    const { status } = await fetchAnswer(server.url, calls.rest, scene.tokens.connector);
    const answeredAtMs = performance.now();
    if (status !== 200) {
      throw new WrongAnswerError(`the first answer of ${server.name} is a ${status}`);
    }
    return answeredAtMs - server.spawnedAtMs;
  } finally {
    await server.stop();
  }
}

async function timeBareNode(node: string): Promise<number> {
  const spawnedAtMs = performance.now();
  await once(spawn(node, ["-e", "0"], { stdio: "ignore" }), "exit");
  return performance.now() - spawnedAtMs;
}
