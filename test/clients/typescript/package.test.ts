import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const directory = new URL("../../../clients/typescript/", import.meta.url).pathname;

describe("@ice-service/client", () => {
  it("is smaller than 5 KB, minified and compressed", async () => {
    const { output } = await build({
      input: `${directory}src/index.ts`,
      write: false,
      resolve: { extensionAlias: { ".js": [".ts"] } },
      output: { minify: true },
    });
    expect(output).toHaveLength(1);
    expect(gzipSync(output[0].code).length).toBeLessThan(5000);
  });

  it("has no dependencies", async () => {
    const manifest = z
      .looseObject({})
      .parse(JSON.parse(await readFile(`${directory}package.json`, "utf8")));
    expect(Object.keys(manifest).filter((key) => /dependencies$/i.test(key))).toEqual([]);
  });
});
