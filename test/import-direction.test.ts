import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readImports } from "./parts/source-imports.js";

const source = resolve(import.meta.dirname, "../src");

/** From the ground up: a file imports from its own layer or from one before it, never from a later one. */
const layers = [
  ["clock.ts", "database-url.ts", "errors.ts", "files", "gen", "ip-address.ts", "log.ts"],
  ["config"],
  ["outgoing"],
  ["ice"],
  ["turn"],
  ["authentication", "geolocation", "limits", "observability", "probe"],
  ["health", "turn/managed/renewal", "turn/providers/shared-secret/rotation"],
  ["watch"],
  ["readiness.ts"],
  ["http"],
  ["call"],
  ["protocols"],
  ["services"],
  ["server"],
  ["tracing"],
  ["ice-config.ts", "service-config.ts"],
  ["compose"],
  ["compose.ts", "library.ts"],
  ["process"],
  ["cli"],
  ["main.ts"],
];
const withoutConnectOrHttp = [
  "ice",
  "config",
  "authentication",
  "geolocation",
  "health",
  "limits",
  "outgoing",
  "probe",
  "turn",
  "watch",
];
const barred = /^(@connectrpc\/|@bufbuild\/|@grpc\/|node:(http|https|http2|net|tls)$)/;

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.startsWith("gen/"))
  .map((file) => ({ file, imports: listImports(file) }));

function listImports(file: string): string[] {
  return readImports(join(source, file)).map((imported) =>
    imported.startsWith("/") ? relative(source, imported) : imported,
  );
}

/** That of the file itself, or else of the folder nearest to it that has one. */
function layerOf(file: string): number {
  const own = layers.findIndex((layer) => layer.includes(file));
  const folder = dirname(file);
  return own === -1 && folder !== "." ? layerOf(folder) : own;
}

describe("the imports in src", () => {
  it("come from files that each belong to a layer", () => {
    expect(files.filter(({ file }) => layerOf(file) === -1)).toEqual([]);
  });

  it("point down only", () => {
    const upward = files.flatMap(({ file, imports }) =>
      imports
        .filter((imported) => layerOf(imported) > layerOf(file))
        .map((imported) => `${file} -> ${imported}`),
    );
    expect(upward).toEqual([]);
  });

  it("of a kind of token know no other kind", () => {
    const findKind = (file: string) => /^authentication\/(\w+)\//.exec(file)?.[1];
    const sideways = files.flatMap(({ file, imports }) => {
      const kind = findKind(file);
      return imports
        .filter((imported) => kind !== undefined && ![kind, undefined].includes(findKind(imported)))
        .map((imported) => `${file} -> ${imported}`);
    });
    expect(sideways).toEqual([]);
  });

  it("form no circle", () => {
    const importsOf = new Map(files.map(({ file, imports }) => [file, imports]));
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, trail: readonly string[]) => {
      if (trail.includes(file)) {
        circles.push([...trail.slice(trail.indexOf(file)), file].join(" -> "));
        return;
      }
      if (done.has(file)) {
        return;
      }
      done.add(file);
      for (const imported of importsOf.get(file) ?? []) {
        visit(imported, [...trail, file]);
      }
    };
    for (const { file } of files) {
      visit(file, []);
    }
    expect(circles).toEqual([]);
  });

  it("keep Connect, HTTP and generated code out of the domain", () => {
    const found = files
      .filter(({ file }) => withoutConnectOrHttp.includes(file.split("/")[0] ?? ""))
      .flatMap(({ file, imports }) =>
        imports
          .filter((imported) => barred.test(imported) || imported.startsWith("gen/"))
          .filter((imported) => imported !== "node:net") // isIP only, but in probe
          .filter((imported) => !(imported === "node:tls" && file.startsWith("probe/")))
          .map((imported) => `${file} -> ${imported}`),
      );
    expect(found).toEqual([]);
  });

  it("keep RPCs out of HTTP", () => {
    const found = files
      .filter(({ file }) => file.startsWith("http/"))
      .flatMap(({ file, imports }) =>
        imports
          .filter((imported) => /^(@connectrpc\/|@bufbuild\/|gen\/)/.test(imported))
          .map((imported) => `${file} -> ${imported}`),
      );
    expect(found).toEqual([]);
  });
});

describe("the layers in docs/architecture.md", () => {
  it("are these, from the top down", () => {
    const text = readFileSync(join(source, "../docs/architecture.md"), "utf8");
    const [, table = ""] = /^\| layer .*\n(?:\| ?-.*\n)((?:\|.*\n)+)/m.exec(text) ?? [];
    const rows = table
      .trimEnd()
      .split("\n")
      .map((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    expect(rows).toEqual(layers.toReversed());
  });
});
