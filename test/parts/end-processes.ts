import { beforeEach } from "vitest";
import { killProcesses, listProcesses } from "./child-process.js";

// For every test, also one that fails, is aborted at its timeout, or whose own hooks fail. What
// `beforeAll` has started stays until the file ends, and so does what concurrent tests have started,
// because nobody knows which of them it belongs to.
beforeEach(({ task, onTestFinished }) => {
  if (task.concurrent) {
    return;
  }
  const earlier = listProcesses();
  onTestFinished(() => killProcesses(earlier));
});
