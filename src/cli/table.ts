import { stripVTControlCharacters } from "node:util";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Lines of text with the columns below each other, two spaces apart. Colours take no width. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((cells) => countChars(cells[index] ?? ""))),
  );
  return lines
    .map((cells) =>
      columns
        .map(({ align }, index) => {
          const cell = cells[index] ?? "";
          const padding = " ".repeat((widths[index] ?? 0) - countChars(cell));
          return align === "left" ? cell + padding : padding + cell;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function countChars(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
