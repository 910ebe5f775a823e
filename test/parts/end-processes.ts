import { beforeEach } from "vitest";
import { killProcesses, listProcesses } from "./child-process.js";

// For every test, also one that fails, is aborted at its timeout, or whose own hooks fail. What
// `beforeAll` has started stays until the file ends.
beforeEach(({ onTestFinished }) => {
  const earlier = listProcesses();
  onTestFinished(() => killProcesses(earlier));
});
