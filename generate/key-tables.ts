import { type DeclaredKey, listKeys } from "../src/config/declared-keys.js";
import { printKeyPath } from "../src/config/key-path.js";
import type { Kind } from "../src/config/kind.js";

/** The table of all variables, in Markdown. */
export function printVariables(root: Kind): string {
  const rows = listKeys(root).flatMap((declared) => {
    const { variable } = declared.key.declaration;
    return variable === undefined
      ? []
      : [[`\`${variable}\``, describeTarget(declared), describeValue(declared)]];
  });
  return printTable(["variable", "key", "default"], rows);
}

/** The keys whose changes a reload does not apply: any change of some, the presence of others. */
export function printRestartKeys(root: Kind): string {
  const keys = listKeys(root);
  const namesOf = (wanted: string) =>
    keys
      .filter(({ key }) => key.declaration.restart === wanted)
      .map(({ path }) => `\`${printKeyPath(path)}\``);
  return `${namesOf("for a new value").join(", ")}

Adding or removing ${namesOf("to turn it on or off").join(" or ")} requires a restart too.`;
}

/**
 * Replaces what is between `<!-- name -->` and `<!-- end -->` in a document.
 * @throws Error when it does not have both
 */
export function replaceGenerated(document: string, name: string, content: string): string {
  const place = new RegExp(`(<!-- ${name} -->\n).*?(\n<!-- end -->)`, "s");
  if (!place.test(document)) {
    throw new Error(`there is no place for ${name}`);
  }
  return document.replace(place, (_, start, end) => `${start}\n${content}\n${end}`);
}

function describeTarget({ path, key }: DeclaredKey): string {
  const { help, isVariableOnly, emptyVariable } = key.declaration;
  if (isVariableOnly) {
    return help;
  }
  const notes = [
    key.kind.structure?.type === "list" && "comma-separated",
    emptyVariable && "an empty value means none",
  ];
  return [`\`${printKeyPath(path)}\``, ...notes.filter((note) => note)].join(", ");
}

function describeValue({ key: { declaration } }: DeclaredKey): string {
  const { default: usual, defaultText } = declaration;
  if (defaultText !== undefined || usual === undefined) {
    return defaultText ?? "";
  }
  const values: readonly unknown[] = Array.isArray(usual) ? usual : [usual];
  return values.map((value) => `\`${value}\``).join(", ") || "none";
}

function printTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const printRow = (cells: readonly string[], fill: string) =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width, fill)).join(" | ")} |`;
  return [printRow(heads, " "), printRow([], "-"), ...rows.map((row) => printRow(row, " "))].join(
    "\n",
  );
}
