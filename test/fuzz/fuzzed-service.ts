import { once } from "node:events";
import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { json } from "node:stream/consumers";
import { expect } from "vitest";
import type { TestCertificate } from "../parts/certificate.js";
import { childPids } from "../parts/child-process.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { balancerAddress } from "../parts/tcp-balancer.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "fuzz-test-token";
export const authorization = `Bearer ${token}`;
export const methodPath = "/ice.v1.IceService/GetIceServers";

export interface FuzzedService {
  readonly service: IceService;
  /**
   * Whatever was sent before: a call on a new connection works, nothing of ours has failed, and the
   * processes are still those that it started with.
   */
  expectHealthy(): Promise<void>;
}

export interface FuzzedServiceOptions {
  readonly certificate?: TestCertificate | undefined;
  readonly workers?: number | undefined;
}

/** The built program, with TURN, for one connector token, and with an admin port. */
export async function startFuzzedService({
  certificate,
  workers,
}: FuzzedServiceOptions = {}): Promise<FuzzedService> {
  const service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ fuzz: token }), "turn.secret": "north-north-north" },
    config: {
      admin: { host: "127.0.0.1", port: 0 },
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
      listen: {
        proxyProtocolFrom: [balancerAddress],
        ...(certificate && {
          tls: { certFile: certificate.certFile, keyFile: certificate.keyFile },
        }),
      },
      // Connections whose frames broke the rules wait for it.
      shutdown: { timeout: "1s" },
    },
    args: workers === undefined ? [] : ["--workers", String(workers)],
  });
  const url = `${service.url}/api/v1/ice-servers`;
  const get = certificate === undefined ? getHttp : getHttps;
  const options = { agent: false, rejectUnauthorized: false, headers: { authorization } } as const;
  const pids = () => [service.pid, ...childPids(service.pid)];
  const firstPids = pids();
  return {
    service,
    async expectHealthy() {
      const [response] = await once(get(url, options), "response").catch((error: unknown) => {
        const lastWords = service.stderr().slice(-4_000);
        throw new Error(`the service does not answer. Its last words:\n${lastWords}`, {
          cause: error,
        });
      });
      expect(response.statusCode).toBe(200);
      expect(await json(response)).toMatchObject({ iceServers: [{}, {}] });
      // Not line by line: after some hours there are too many.
      expect(/"err":\{.*/.exec(service.stderr())?.[0]).toBeUndefined();
      expect(pids()).toEqual(firstPids);
    },
  };
}
