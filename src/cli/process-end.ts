/**
 * Ends the process when its work is done, instead of returning and letting Node end it. Some things
 * cannot be canceled and would be waited for: an export of traces that nobody answers, a DNS lookup.
 * And on its own way out, Node removes its signal handlers before the process is gone: a second
 * SIGTERM would then kill it, and a clean stop would look like a crash.
 */
export function endProcess(exitCode: number): never {
  process.exit(exitCode);
}
