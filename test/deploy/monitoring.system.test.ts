import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { audience, createSigningKey, issuer } from "../authentication/signing-key.js";
import { runProgram } from "../parts/child-process.js";
import type { ContractServer } from "../parts/contract-server.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { type JwksServer, keys, startJwksServer } from "../parts/jwks-server.js";
import { cloudflareKey, startCloudflare } from "../parts/managed-services.js";
import { type MetricFamily, parseMetrics, runPromtool, scrape } from "../parts/metrics.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const root = resolve(import.meta.dirname, "../..");
const rulesFile = resolve(root, "deploy/prometheus-alerts.yaml");
const casesFile = resolve(import.meta.dirname, "alert-cases.yaml");
const readText = (file: string) => readFileSync(file, "utf8");

const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});
const rules = rulesSchema.parse(parse(readText(rulesFile))).groups.flatMap((group) => group.rules);

const dashboardSchema = z.object({
  schemaVersion: z.number(),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), definition: z.string().optional() })),
  }),
  panels: z.array(
    z.object({
      id: z.number(),
      title: z.string(),
      type: z.enum(["timeseries", "stat"]),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      datasource: z.object({
        type: z.literal("prometheus"),
        uid: z.string().regex(/^\$\{datasource\}$/),
      }),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).min(1),
    }),
  ),
});
const dashboard = dashboardSchema.parse(
  JSON.parse(readText(resolve(root, "deploy/grafana-dashboard.json"))),
);
const dashboardExpressions = dashboard.panels.flatMap(({ targets }) =>
  targets.map(({ expr }) => expr),
);

/** The names of metrics in PromQL, and in Grafana's queries for labels. */
const findNames = (text: string) =>
  [...text.matchAll(/\b(?:ice|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);

describe("deploy/prometheus-alerts.yaml", () => {
  it("is as Prometheus wants rules", async () => {
    const { exitCode, output } = await runPromtool(["check", "rules", rulesFile]);
    expect(output).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(exitCode).toBe(0);
  });

  it("fires when it has to, and only then", async () => {
    const { exitCode, output } = await runPromtool(["test", "rules", casesFile]);
    expect(output).toContain("SUCCESS");
    expect(exitCode).toBe(0);
  });

  it("has a case of each alert firing, and one of it keeping silent", () => {
    const casesSchema = z.object({
      tests: z.array(
        z.object({
          alert_rule_test: z.array(
            z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }),
          ),
        }),
      ),
    });
    const cases = casesSchema
      .parse(parse(readText(casesFile)))
      .tests.flatMap((test) => test.alert_rule_test);
    const names = rules.map(({ alert }) => alert);
    const firing = cases.filter(({ exp_alerts }) => exp_alerts.length > 0);
    const silent = cases.filter(({ exp_alerts }) => exp_alerts.length === 0);
    expect(firing.map(({ alertname }) => alertname)).toEqual(names);
    expect(silent.map(({ alertname }) => alertname)).toEqual(names);
  });
});

describe("deploy/grafana-dashboard.json", () => {
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = await createTemporaryDirectory("dashboard");
  });
  afterAll(() => directory.remove());

  it("has PromQL that Prometheus can read", async () => {
    const asRules = dashboardExpressions.map((expr, index) => ({
      record: `dashboard:panel_${index}`,
      // Grafana puts an interval and regular expressions in.
      expr: expr.replaceAll("$__rate_interval", "5m").replace(/\$\w+/g, "x"),
    }));
    const file = await directory.write(
      "rules.yaml",
      stringify({ groups: [{ name: "dashboard", rules: asRules }] }),
    );
    const { exitCode, output } = await runPromtool(["check", "rules", file]);
    expect(output).toContain(`SUCCESS: ${asRules.length} rules found`);
    expect(exitCode).toBe(0);
  });

  it("asks for the chosen jobs and instances only", () => {
    for (const expr of dashboardExpressions) {
      const selectors = [...expr.matchAll(/\{([^}]*)\}/g)].map(([, selector]) => selector);
      expect(selectors).not.toEqual([]);
      for (const selector of selectors) {
        expect(selector).toMatch(/^job=~"\$job", instance=~"\$instance"/);
      }
    }
  });

  it("names each panel, and lays none over another", () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}:${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });
});

const document = readText(resolve(root, "docs/metrics.md"));
const codeBlocks = (language: string) =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
    ([, code = ""]) => code.trim(),
  );

describe("docs/metrics.md", () => {
  it("has a configuration of Prometheus that it can read, with the alert rules", async () => {
    const directory = await createTemporaryDirectory("prometheus");
    try {
      const [yaml = ""] = codeBlocks("yaml");
      const file = await directory.write("prometheus.yml", yaml);
      await directory.write("prometheus-alerts.yaml", readText(rulesFile));
      const { exitCode, output } = await runPromtool(["check", "config", file]);
      expect(output).toContain("SUCCESS: 1 rule files found");
      expect(exitCode).toBe(0);
    } finally {
      await directory.remove();
    }
  });
});

describe("the metrics of the running program, with workers", () => {
  const token = "monitoring-test-token";
  const cloudflare = { keyId: cloudflareKey.keyId, apiTokenFile: "cloudflare.token" };
  let jwks: JwksServer;
  let provider: ContractServer;
  let service: IceService;
  let families: readonly MetricFamily[];
  beforeAll(async () => {
    jwks = await startJwksServer(keys(createSigningKey("ES256").jwk));
    provider = await startCloudflare({ secret: "south", urls: ["turn:127.0.0.1:9"] });
    service = await startIceService({
      args: ["--workers", "2"],
      files: {
        "tokens.yaml": connectorTokens({ a: token }),
        "turn.secret": "north",
        "cloudflare.token": cloudflareKey.apiToken,
      },
      config: {
        admin: { port: 0 },
        auth: {
          connectorTokensFile: "tokens.yaml",
          jwt: [{ issuer, audience, jwksUrl: jwks.url.href }],
        },
        ice: {
          stunUrls: ["stun:127.0.0.1:9"],
          turn: {
            urls: ["turn:127.0.0.1:9"],
            secretFiles: ["turn.secret"],
            probe: {},
            managed: [{ provider: "cloudflare", ...cloudflare, baseUrl: provider.url }],
            managedUse: "always",
          },
        },
        shutdown: { delay: "0s" },
      },
    });
    await fetch(`${service.url}/api/v1/ice-servers?token=${token}`);
    ({ families } = await scrape(service));
  });
  afterAll(async () => {
    await service.stop();
    await jwks.close();
    await provider.close();
  });

  /** The rows of the table below a heading of docs/metrics.md. */
  function readTable(heading: string): MetricFamily[] {
    const [, section = ""] = document.split(`\n## ${heading}\n`);
    const [own = ""] = section.split("\n## ");
    return [...own.matchAll(/^\| `(\w+)` *\| (\w+) *\| ([^|]*?) *\| (.*?) *\|$/gm)].map(
      ([, name = "", type = "", labels = "", help = ""]) => ({
        name,
        type,
        labels: labels === "" ? [] : labels.split(", "),
        help,
      }),
    );
  }
  const byName = (list: readonly MetricFamily[]) =>
    [...list].sort((a, b) => a.name.localeCompare(b.name));
  const isOwn = ({ name }: MetricFamily) => name.startsWith("ice_");

  it("are what the command in docs/metrics.md prints", async () => {
    const [command = ""] = codeBlocks("sh");
    expect(command).toContain("http://127.0.0.1:9090");
    const script = command.replace("http://127.0.0.1:9090", service.adminUrl ?? "");
    const { stdout } = await runProgram("bash", ["-c", script]);
    const printed = parseMetrics(stdout).families.map(({ name }) => name);
    expect(printed).toEqual(families.map(({ name }) => name));
  });

  it("are those of docs/metrics.md", () => {
    const documented = readTable("Metrics of the service");
    expect(documented.length).toBeGreaterThan(10);
    expect(byName(documented)).toEqual(byName(families.filter(isOwn)));
  });

  it("are all that dashboard and alerts ask for", () => {
    const known = new Set(
      families.flatMap(({ name, type }) =>
        type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
    const queries = dashboard.templating.list.map(({ definition = "" }) => definition);
    const asked = findNames(
      [...rules.map(({ expr }) => expr), ...dashboardExpressions, ...queries].join("\n"),
    );
    expect(asked.length).toBeGreaterThan(40);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  it("are on the dashboard, as far as they are the service's own", () => {
    const own = families.filter(isOwn).map(({ name }) => name);
    const shown = new Set(
      findNames(dashboardExpressions.join("\n")).map((name) => name.replace(/_bucket$/, "")),
    );
    expect(own.filter((name) => !shown.has(name))).toEqual([]);
  });
});
