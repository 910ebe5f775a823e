import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { runProgram, startProcess } from "../parts/child-process.js";
import { findFreePort } from "../parts/free-port.js";
import { secondsFromNow } from "../parts/real-time.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";
import { allocateRelay } from "../parts/turn-allocation.js";
import { findGoTool } from "./go-tools.js";
import { buildTimeoutMs, buildTypeDecoder, type TypeDecoder } from "./type-decoder.js";

const root = join(import.meta.dirname, "../..");
const chart = join(root, "deploy/helm/ice-service");
const turn = { urls: ["turn:turn.example.com:3478"] };
const existing = { existingSecret: "ice-secrets" };

const regions = {
  defaultRegion: "eu",
  regions: { eu: { urls: ["turn:eu.example.com"] }, us: { urls: ["turn:us.example.com"] } },
};
const everything = {
  workers: 2,
  config: {
    auth: { queryToken: false },
    ice: { turn: { ...turn, identity: "pseudonym" } },
    listen: { trustedProxies: ["10.0.0.0/8"] },
  },
  secret: {
    contents: {
      "turn.secret": "north-north-north-north-north-nor",
      "connector-tokens.yaml": connectorTokens({ backend: "chart-test-token" }),
    },
  },
  imagePullSecrets: [{ name: "registry" }],
  serviceAccount: { automount: true, annotations: { team: "calls" } },
  podAnnotations: { a: "b" },
  podLabels: { c: "d" },
  nodeSelector: { disk: "fast" },
  tolerations: [{ operator: "Exists" }],
  affinity: { podAntiAffinity: {} },
  extraEnv: [{ name: "HTTPS_PROXY", value: "http://proxy.example.com:3128" }],
  extraVolumes: [{ name: "more", emptyDir: {} }],
  extraVolumeMounts: [{ name: "more", mountPath: "/more" }],
  service: { annotations: { e: "f" } },
  metrics: {
    podMonitor: { enabled: true, labels: { release: "prometheus" } },
    serviceMonitor: { enabled: true },
    prometheusRule: { enabled: true },
    dashboard: { enabled: true },
  },
  networkPolicy: {
    enabled: true,
    from: [{ namespaceSelector: {} }],
    metricsFrom: [{ podSelector: { matchLabels: { app: "prometheus" } } }],
  },
  ingress: { enabled: true, className: "nginx", tlsSecret: "tls", annotations: { g: "h" } },
  gateway: {
    parentRefs: [{ name: "public" }],
    hostnames: ["ice.example.com"],
    httpRoute: { enabled: true },
    grpcRoute: { enabled: true },
  },
  coturn: { enabled: true, externalIp: "192.0.2.1/10.0.0.7", nodeSelector: { network: "public" } },
};
/** The values that docs/kubernetes.md has one write: those of step 3, and the addition for a test cluster. */
const [documented = {}, forTrials = {}] = [
  ...readFileSync(join(root, "docs/kubernetes.md"), "utf8").matchAll(
    /^ {3}```yaml\n(.*?)^ {3}```/gms,
  ),
].map(([, block = ""]) => parse(block));
const valuesFiles: readonly (readonly [what: string, values: object, kinds: number])[] = [
  ["the least", { secret: existing, config: { ice: { turn } } }, 7],
  ["regions", { secret: existing, config: { ice: { turn: regions } } }, 7],
  [
    "fixed replicas and nothing else",
    {
      secret: existing,
      config: { ice: { turn } },
      autoscaling: { enabled: false },
      podDisruptionBudget: { enabled: false },
      service: { headless: false },
      serviceAccount: { create: false },
      metrics: { enabled: false },
    },
    3,
  ],
  ["everything", everything, 17],
  ["the values of docs/kubernetes.md", documented, 7],
  ["those for a small test cluster", { ...documented, ...forTrials }, 6],
];

let directory: TemporaryDirectory;
let types: TypeDecoder;
beforeAll(async () => {
  directory = await createTemporaryDirectory("chart");
  types = await buildTypeDecoder("chart-types");
}, buildTimeoutMs);
afterAll(async () => {
  await types?.remove();
  await directory.remove();
});

async function helm(command: readonly string[], values: object) {
  const file = await directory.write("values.yaml", stringify(values));
  return runProgram(findGoTool("helm"), [...command, chart, "--values", file], {
    env: { ...process.env, HELM_CACHE_HOME: directory.path, HELM_CONFIG_HOME: directory.path },
  });
}

const render = async (values: object) =>
  (await helm(["template", "release", "--kube-version", "1.31"], values)).stdout;

describe.each(valuesFiles)("the chart with %s", (_, values, kinds) => {
  it("passes helm lint", async () => {
    const { stdout } = await helm(["lint", "--strict", "--kube-version", "1.31"], values);
    expect(stdout).toContain("0 chart(s) failed");
  });

  it("renders objects that have the fields of their types, and no others", async () => {
    const decoded = await types.decode(await render(values));
    expect(decoded.split("\n")).toHaveLength(kinds);
  });

  it("renders a configuration that the service accepts", async () => {
    const objects = parseAllDocuments(await render(values)).map((document) => document.toJS());
    const config: string = objects.find((object) => object?.data?.["ice-service.yaml"]).data[
      "ice-service.yaml"
    ];
    const secret = await directory.write("turn.secret", "north-north-north-north-north-nor");
    const tokens = await directory.write(
      "connector-tokens.yaml",
      connectorTokens({ backend: "chart-test-token" }),
    );
    const file = await directory.write(
      "ice-service.yaml",
      config
        .replaceAll("/etc/ice-service/secret/turn.secret", secret)
        .replaceAll("/etc/ice-service/secret/connector-tokens.yaml", tokens),
    );
    const { stdout } = await runProgram("node", [
      join(root, "dist/main.js"),
      ...["config", "check", "--config", file],
    ]);
    expect(stdout).toContain("turn:");
  });
});

describe("the chart", () => {
  it("runs a coturn that accepts the service's credentials, whatever ends the file of the secret", async () => {
    const port = await findFreePort();
    const coturn = { enabled: true, port, minPort: 49_152, maxPort: 49_252 };
    const objects = parseAllDocuments(
      await render({ secret: existing, config: { ice: { turn } }, coturn }),
    ).map((document) => document.toJS());
    const [{ command, args }] = objects.find(
      (object) => object?.kind === "Deployment" && object.metadata.name.endsWith("-coturn"),
    ).spec.template.spec.containers;
    const secret = "north-north-north-north-north-nor";
    const [program, ...others] = [...command, ...args];
    const turnserver = startProcess({
      name: "turnserver",
      command: program,
      args: others,
      cwd: directory.path,
      env: { PATH: process.env["PATH"] ?? "", TURN_SECRET: `${secret}\n` },
    });
    try {
      const username = `${secondsFromNow(60)}:chart`;
      const credential = createHmac("sha1", secret).update(username).digest("base64");
      const to = {
        port,
        transport: "udp",
        realm: "turn.example.com",
        username,
        credential,
      } as const;
      await expect
        .poll(() => allocateRelay(to).catch(() => undefined), { timeout: 60_000 })
        .toMatchObject({ allocated: true });
    } finally {
      await turnserver.stop("SIGKILL");
    }
  }, 90_000);

  it("lets OpenShift choose the user", async () => {
    const podSecurityContext = { runAsUser: null, runAsGroup: null, fsGroup: null };
    const values = { secret: existing, config: { ice: { turn } }, podSecurityContext };
    const objects = parseAllDocuments(await render(values)).map((document) => document.toJS());
    const pod = objects.find((object) => object?.kind === "Deployment").spec.template.spec;
    expect(pod.securityContext).toEqual({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  it("runs as many workers as docs/scaling.md says, and leaves a pod the time to drain", async () => {
    const values = { secret: existing, config: { ice: { turn } }, workers: 2 };
    const objects = parseAllDocuments(await render(values)).map((document) => document.toJS());
    const pod = objects.find((object) => object?.kind === "Deployment").spec.template.spec;
    const [{ args, readinessProbe }] = pod.containers;
    expect(args.slice(-2)).toEqual(["--workers", "2"]);

    const config: string = objects.find((object) => object?.kind === "ConfigMap").data[
      "ice-service.yaml"
    ];
    const { delay, timeout } = parse(config).shutdown;
    const delaySeconds = Number.parseInt(delay, 10);
    const { periodSeconds, failureThreshold } = readinessProbe;
    expect(delaySeconds).toBeGreaterThan(periodSeconds * failureThreshold);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(
      delaySeconds + Number.parseInt(timeout, 10) + 5,
    );
  });

  it.each([
    ["a key that is misspelled", { sercet: existing, config: { ice: { turn } } }, "sercet"],
    ["no TURN server", { secret: existing }, "config.ice.turn has no TURN servers"],
    [
      "a port of the pods",
      { secret: existing, config: { ice: { turn }, listen: { port: 9000 } } },
      "config.listen.port is always 8080",
    ],
    [
      "another address for metrics",
      { secret: existing, config: { ice: { turn }, admin: false } },
      "config.admin is set by the chart",
    ],
    [
      "a file of connector tokens that is not in the Secret",
      { secret: existing, config: { ice: { turn }, auth: { connectorTokensFile: "a" } } },
      "config.auth.connectorTokensFile is set by the chart",
    ],
    [
      "a file of a TURN secret that is not in the Secret",
      { secret: existing, config: { ice: { turn: { ...turn, secretFiles: ["a"] } } } },
      "config.ice.turn.secretFiles is set by the chart",
    ],
    ["no secret", { config: { ice: { turn } } }, "secret.contents has no turn.secret"],
    [
      "a route without a Gateway",
      {
        secret: existing,
        config: { ice: { turn } },
        gateway: { httpRoute: { enabled: true } },
      },
      "gateway.parentRefs is empty",
    ],
  ])("refuses %s", async (_, values, message) => {
    await expect(render(values)).rejects.toThrow(message);
  });
});
