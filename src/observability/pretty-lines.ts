import { escapeControls } from "./printable-text.js";

/**
 * Loads what turns pino's JSON lines into lines for people.
 * @param colorize whether the reader is a terminal that shows colors
 */
export async function openPrettyLines(colorize: boolean): Promise<(line: string) => string> {
  const { default: pretty } = await import("pino-pretty");
  const print = pretty.prettyFactory({
    colorize,
    translateTime: "SYS:HH:MM:ss",
    // pino-pretty expects a text here: the place in the source that pino-caller adds.
    customPrettifiers: { caller: (caller) => JSON.stringify(caller) },
  });
  // pino-pretty prints messages and stacks as they are, without the controls. Escaped, they show.
  return (line) => print(JSON.parse(line, (_, value) => escapeValue(value)));
}

function escapeValue(value: unknown): unknown {
  return typeof value === "string" ? escapeControls(value) : value;
}
