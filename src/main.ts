#!/usr/bin/env node
import { runProgram } from "./cli/program.js";

// Whoever reads the output, such as `head`, may have read enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") {
    throw error;
  }
  process.exit();
});

process.exitCode = await runProgram(process.argv);
