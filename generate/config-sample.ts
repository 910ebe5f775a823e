import { stringify } from "yaml";
import type { Key, Kind } from "../src/config/kind.js";
import { describeFacts, printFlow } from "./key-facts.js";

const maxColumns = 100;
/** A longer value gets a line for each of its entries. */
const maxFlowLength = 76;

const introduction =
  "Every key of ice-service, with its default if it has one. Every key is optional unless it says otherwise; unknown keys are errors. The service applies changes while it runs, when this file or a file that it names changes, or at SIGHUP, unless a key says that it requires a restart. Variables override this file. File names are relative to this file. `ice-service config check` validates it.";

/** The text of config-sample.yaml. */
export function printSample({ structure }: Kind): string {
  const keys = structure?.type === "section" ? structure.keys : {};
  const sections = Object.entries(keys).map(([name, key]) => printKey(name, key).join("\n"));
  return `${[comment(introduction, 0).join("\n"), ...sections].join("\n\n")}\n`;
}

/** A key with its comment, as lines without indentation. */
function printKey(name: string, key: Key, depth = 0): readonly string[] {
  const { help, isAlternative, isVariableOnly, variable } = key.declaration;
  if (isVariableOnly) {
    return comment(`${variable}: ${help}`, depth);
  }
  const value = printValue(name, key, depth);
  return [
    ...comment(help, depth),
    ...comment(describeFacts(key), depth),
    ...(isAlternative ? value.map((line) => `# ${line}`) : value),
  ];
}

function printValue(name: string, { kind, declaration }: Key, depth: number): readonly string[] {
  const { example, default: usual } = declaration;
  const inner = example === undefined ? printInside(kind, depth + 1) : undefined;
  if (inner !== undefined) {
    return [`${name}:`, ...indent(inner)];
  }
  const value = example ?? usual;
  if (value === undefined) {
    throw new Error(`${name} has neither a default nor an example`);
  }
  const flow = `${name}: ${printFlow(value)}`;
  return flow.length <= maxFlowLength
    ? [flow]
    : stringify({ [name]: value })
        .trim()
        .split("\n");
}

/** The keys inside of a kind; undefined where it has none. */
function printInside({ structure }: Kind, depth: number): readonly string[] | undefined {
  switch (structure?.type) {
    case "section":
      return Object.entries(structure.keys).flatMap(([name, key]) => printKey(name, key, depth));
    case "list":
      return printEntries(structure.entry, depth + 1);
    case "map": {
      const entry = printInside(structure.entry, depth + 1);
      return entry && [`${structure.exampleName}:`, ...indent(entry)];
    }
    default:
      return undefined;
  }
}

/** An entry of a list; of variants, one of each. */
function printEntries(entry: Kind, depth: number): readonly string[] | undefined {
  const kinds = entry.structure?.type === "variants" ? entry.structure.members : [entry];
  const lines = kinds.flatMap((kind) => {
    const [first, ...rest] = printInside(kind, depth) ?? [];
    return first === undefined ? [] : [`- ${first}`, ...indent(rest)];
  });
  return lines.length === 0 ? undefined : lines;
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

/** Wraps a text. */
function comment(text: string, depth: number): readonly string[] {
  const width = maxColumns - 2 * depth - "# ".length;
  const lines: string[] = [];
  for (const word of text.split(" ").filter((each) => each !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines.map((line) => `# ${line}`);
}
