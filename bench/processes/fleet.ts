import {
  type BaselineName,
  baselineNames,
  createSettings,
  distinctServers,
  fetchModelAnswers,
  limitedServers,
  type ModelAnswers,
} from "./baseline.js";
import { type PeerName, peerNames, startComparedServer } from "./peer.js";
import type { Scene } from "./scene.js";
import type { ServerProcess } from "./server-process.js";
import { startService } from "./service.js";

/** How the service runs. Loads with many tokens have a process of their own, with a cache of its own. */
export type ServiceName =
  | "ice-service"
  | "ice-service-10000-tokens"
  | "ice-service-first-seen"
  | "ice-service-2-workers"
  | "ice-service-limited"
  | "ice-service-distinct";
/** What the service is compared with. */
export type ComparedName = BaselineName | PeerName;
export type ServerName = ServiceName | ComparedName;

export interface RunOptions {
  /** The node binary that runs the service and the baselines. */
  readonly node: string;
  /** For the node of the service only. */
  readonly serviceNodeArgs: readonly string[];
}

/** The servers that run side by side; only one at a time is under load. */
export interface Fleet {
  readonly models: ModelAnswers;
  /** The service's answer, which this server must match. */
  modelsOf(name: ServerName): ModelAnswers;
  /** @throws Error when it was not asked for */
  find(name: ServerName): ServerProcess;
  stop(): Promise<void>;
}

const serveArgs: Readonly<Record<ServiceName, readonly string[]>> = {
  "ice-service": [],
  "ice-service-10000-tokens": [],
  "ice-service-first-seen": [],
  "ice-service-2-workers": ["--workers", "2"],
  "ice-service-limited": [],
  "ice-service-distinct": [],
};

/** Starts the service, learns its answers, and starts the rest. */
export async function startFleet(
  names: readonly ServerName[],
  scene: Scene,
  { node, serviceNodeArgs }: RunOptions,
): Promise<Fleet> {
  const servers = new Map<ServerName, ServerProcess>();

  async function stop() {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  }

  async function startOurs(name: ServiceName) {
    const service = await startService(scene, {
      name,
      node,
      nodeArgs: serviceNodeArgs,
      args: serveArgs[name],
      configFile: chooseConfig(name, scene),
    });
    servers.set(name, service);
    return service;
  }

  try {
    const service = await startOurs("ice-service");
    const models = await fetchModelAnswers(service.url, scene);
    const modelsOfGroup = async (group: ReadonlySet<string>, ours: ServiceName) =>
      names.some((name) => group.has(name))
        ? await fetchModelAnswers((await startOurs(ours)).url, scene, ours)
        : models;
    const limitedModels = await modelsOfGroup(limitedServers, "ice-service-limited");
    const distinctModels = await modelsOfGroup(distinctServers, "ice-service-distinct");
    const modelsOf = (name: ServerName) => {
      if (limitedServers.has(name)) {
        return limitedModels;
      }
      return distinctServers.has(name) ? distinctModels : models;
    };
    const place = { node, directory: scene.directory.path };
    for (const name of new Set(names)) {
      if (isCompared(name)) {
        const settings = {
          ...createSettings(scene, modelsOf(name)),
          callersFile: distinctServers.has(name) ? scene.distinct.callersFile : "",
        };
        servers.set(name, await startComparedServer(name, settings, place));
      } else if (!servers.has(name)) {
        await startOurs(name);
      }
    }
    return {
      models,
      modelsOf,
      find(name) {
        const server = servers.get(name);
        if (server === undefined) {
          throw new Error(`${name} was not started`);
        }
        return server;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function chooseConfig(name: ServiceName, scene: Scene): string {
  if (limitedServers.has(name)) {
    return scene.limitedConfigFile;
  }
  return distinctServers.has(name) ? scene.distinct.configFile : scene.configFile;
}

function isCompared(name: ServerName): name is ComparedName {
  return [...baselineNames, ...peerNames].some((compared) => compared === name);
}
