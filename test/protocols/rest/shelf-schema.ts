import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  createFileRegistry,
  type DescMessage,
  type DescService,
  fromBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const root = resolve(import.meta.dirname, "../../..");

/** Compiles shelf.proto: a schema that the product does not know, to prove the transcoder generic. */
export function compileShelfSchema(): {
  service: DescService;
  unservable: DescService;
  shelf: DescMessage;
} {
  const directory = mkdtempSync(join(tmpdir(), "shelf-"));
  const file = join(directory, "descriptors.binpb");
  execFileSync("protoc", [
    `-I${root}/third_party/proto`,
    `-I${import.meta.dirname}`,
    "--include_imports",
    `--descriptor_set_out=${file}`,
    "shelf.proto",
  ]);
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(file)));
  rmSync(directory, { recursive: true });
  const service = registry.getService("test.v1.ShelfService");
  const unservable = registry.getService("test.v1.UnservableService");
  const shelf = registry.getMessage("test.v1.Shelf");
  if (service === undefined || unservable === undefined || shelf === undefined) {
    throw new Error("shelf.proto lacks its service or message");
  }
  return { service, unservable, shelf };
}
