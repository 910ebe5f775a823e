import { KeyObject } from "node:crypto";
import { z } from "zod";
import { metricSchema } from "../observability/metric.js";

/*
 * What the primary process, its workers, and the thread that reads the configuration send each other.
 */

const problemSchema = z.object({
  key: z.string(),
  problem: z.string(),
  fix: z.string(),
  transientCode: z.string().optional(),
  isAddressFailure: z.boolean().optional(),
});

/** What a ConfigError holds. */
const problemsShape = {
  problems: z.tuple([problemSchema], problemSchema).readonly(),
  omittedCount: z.int(),
};

/**
 * What a worker reports to the primary process: that it listens, that it serves, or why it will not; when
 * asked, what it has counted; and, as it stops, that it leaves.
 */
export const workerMessageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("listening") }),
  /** With the URL that it listens at. */
  z.object({ kind: z.literal("ready"), url: z.string() }),
  z.object({ kind: z.literal("refused"), ...problemsShape }),
  /** Whether it serves by the last files: sent when it cannot, and when it finally can. */
  z.object({ kind: z.literal("reloaded"), succeeded: z.boolean() }),
  /** Without metrics when they cannot be read this time. */
  z.object({ kind: z.literal("measured"), metrics: z.array(metricSchema).optional() }),
  /** It wants no more connections. */
  z.object({ kind: z.literal("leaving") }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;

const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const imageShape = { mode: z.number(), version: z.string(), isContainerSecret: z.boolean() };
const imageSchema = z.object({ ...imageShape, bytes: bytesSchema });
const valueShape = { version: z.string() };
const valueSchema = z.object({ ...valueShape, bytes: bytesSchema });
/** In the place of bytes that were sent before, as pieces. */
const reference = { contentId: z.string() };

const managedEntrySchema = z.object({
  urls: z.array(z.string()).readonly(),
  username: z.string(),
  credential: z.string(),
});
/** What is known of one managed TURN provider. */
const managedStateSchema = z.object({
  identity: z.string(),
  isPending: z.boolean(),
  credential: z
    .object({
      entries: z.tuple([managedEntrySchema], managedEntrySchema).readonly(),
      expiresAtSeconds: z.number(),
      usableUntilSeconds: z.number(),
    })
    .exactOptional(),
});
/** What the primary finds out, and its workers use. */
const findingsShape = {
  downUrls: z.array(z.string()).readonly(),
  managed: z.array(managedStateSchema).readonly(),
};

/** What the files of a configuration hold. */
const contentsSchema = z.object({
  images: z.map(z.string(), imageSchema.or(z.undefined())).readonly(),
  values: z.map(z.string(), valueSchema).readonly(),
});

/**
 * What the primary process has a worker do: serve by these files, at the start and at each reload;
 * which URLs are down and which managed TURN credentials exist, when that has changed; and a request
 * for what it has counted. A worker reads no file itself: it would see another state of them than the
 * others.
 */
export const primaryMessageSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("configure"),
    images: z.map(
      z.string(),
      z.union([imageSchema, z.object({ ...imageShape, ...reference }), z.undefined()]),
    ),
    values: z.map(z.string(), z.union([valueSchema, z.object({ ...valueShape, ...reference })])),
    ...findingsShape,
  }),
  z.object({
    kind: z.literal("piece"),
    contentId: z.string(),
    /** Of all pieces together, in bytes. */
    size: z.int().min(0),
    offset: z.int().min(0),
    bytes: bytesSchema,
  }),
  z.object({ kind: z.literal("findings"), ...findingsShape }),
  z.object({ kind: z.literal("measure") }),
  /** No connection will come any more. */
  z.object({ kind: z.literal("left") }),
]);
export type PrimaryMessage = z.infer<typeof primaryMessageSchema>;

/** What the thread is to read: the configuration of this file, and every file that it names. */
export const threadOrderSchema = z.object({
  file: z.string().optional(),
  /** The secret of `--dev`. */
  devSecret: z.custom<KeyObject>((value) => value instanceof KeyObject).optional(),
});
export type ThreadOrder = z.infer<typeof threadOrderSchema>;

const versions = z.map(z.string(), z.string());

/** What the thread reports: that its code runs, then how it went. */
export const threadMessageSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("begun"),
    /** Of the program on disk, which another may have replaced since this process began. */
    version: z.string(),
  }),
  z.object({ kind: z.literal("read"), versions, contents: contentsSchema }),
  z.object({ kind: z.literal("refused"), versions, ...problemsShape }),
]);
export type ThreadMessage = z.infer<typeof threadMessageSchema>;
