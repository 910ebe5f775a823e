import packageJson from "../../package.json" with { type: "json" };
import { describeGauge, type Metric } from "./metric.js";

/** Describes what one part of a process has counted. A promise: what takes long to find out. */
export type DescribeMetrics = () => readonly Metric[] | Promise<readonly Metric[]>;
/** Asks other processes for their metrics, and groups them by process. */
export type ReadOtherProcesses = () => Promise<readonly (readonly Metric[])[]>;

/** The metrics of this process, and of the processes that report to it. */
export class ProcessMetrics {
  readonly #parts: DescribeMetrics[] = [];
  readonly #others: ReadOtherProcesses[] = [];

  /** Adds a part of this process. */
  add(describe: DescribeMetrics): void {
    this.#parts.push(describe);
  }

  /** Adds processes that report to this one. */
  addProcesses(read: ReadOtherProcesses): void {
    this.#others.push(read);
  }

  /** The metrics of this process: its build, its parts, and Node. */
  async read(): Promise<Metric[]> {
    // Loaded by the first who asks: a process that nobody watches does without.
    const { readNodeMetrics } = await import("./prometheus.js");
    const nodeMetrics = await readNodeMetrics();
    const parts = await Promise.all(this.#parts.map((describe) => describe()));
    return [describeBuild(), ...parts.flat(), ...nodeMetrics];
  }

  /** The metrics of every process, this one first. */
  async readAll(): Promise<readonly (readonly Metric[])[]> {
    const [own, ...others] = await Promise.all([
      this.read(),
      ...this.#others.map((read) => read()),
    ]);
    return [own, ...others.flat()];
  }
}

/** Which build runs; the value is always 1. */
function describeBuild(): Metric {
  const labels = { version: packageJson.version, node_version: process.version };
  const help = "Always 1; the labels have the versions of ice-service and Node.";
  return describeGauge("ice_build_info", help, [{ labels, value: 1 }], "first");
}
