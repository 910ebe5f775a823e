import { exitWhenOutputFails } from "./output-errors.js";
import { runProgram } from "./program.js";

exitWhenOutputFails();
process.exitCode = await runProgram(process.argv);
