import { spawn } from "node:child_process";
import { once } from "node:events";
import { text as readText } from "node:stream/consumers";
import type { IceService } from "./ice-service.js";

export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** Those that its samples have, in order; `le` is left out. */
  readonly labels: readonly string[];
}

/** What a scrape has brought. */
export interface Scrape {
  readonly text: string;
  readonly families: readonly MetricFamily[];
  /** The names of all samples, those of histograms with their suffixes. */
  readonly sampleNames: ReadonlySet<string>;
  /** The sum of the samples that have these labels; undefined where there are none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

export async function scrape({ adminUrl }: IceService): Promise<Scrape> {
  const response = await fetch(`${adminUrl}/metrics`);
  if (response.status !== 200) {
    throw new Error(`/metrics answered ${response.status}`);
  }
  return parseMetrics(await response.text());
}

/** Reads Prometheus' text format, as far as these tests need it. */
export function parseMetrics(text: string): Scrape {
  const samples = [...text.matchAll(/^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/gm)].map(
    ([, name = "", labelText = "", value]) => ({
      name,
      labels: new Map(
        [...labelText.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, label]) => [
          key,
          label,
        ]),
      ),
      value: Number(value === "Nan" ? Number.NaN : value),
    }),
  );
  const types = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]),
  );
  const families = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = "", help = ""]) => {
    const names = [name, `${name}_bucket`, `${name}_sum`, `${name}_count`];
    const own = samples.filter((sample) => names.includes(sample.name));
    const labels = new Set(own.flatMap((sample) => [...sample.labels.keys()]));
    labels.delete("le");
    return { name, type: types.get(name) ?? "", help, labels: [...labels].map(String) };
  });
  return {
    text,
    families,
    sampleNames: new Set(samples.map(({ name }) => name)),
    value(name, labels = {}) {
      const found = samples.filter(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([key, value]) => sample.labels.get(key) === value),
      );
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

/** Runs promtool; all that it says comes back together with its exit code. */
export async function runPromtool(
  args: readonly string[],
  input = "",
): Promise<{ exitCode: unknown; output: string }> {
  const child = spawn("promtool", args, { timeout: 60_000 });
  child.stdin.end(input);
  const exit = once(child, "exit");
  const [stdout, stderr] = await Promise.all([readText(child.stdout), readText(child.stderr)]);
  const [exitCode] = await exit;
  return { exitCode, output: stdout + stderr };
}
