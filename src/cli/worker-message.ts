import { z } from "zod";

const problemSchema = z.object({ key: z.string(), problem: z.string(), fix: z.string() });

/** What a worker tells the primary process: that it listens, that it serves, or why it will not. */
export const workerMessageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("listening") }),
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("refused"), problems: z.tuple([problemSchema], problemSchema) }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;

const imageSchema = z.object({
  bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  mode: z.number(),
  isLink: z.boolean(),
});

/**
 * What the primary process tells a worker: to serve by these files, at the start and at each reload.
 * A worker reads no file itself: it would see another state of them than the others.
 */
export const primaryMessageSchema = z.object({
  kind: z.literal("configure"),
  images: z.map(z.string(), imageSchema.or(z.undefined())),
});
export type PrimaryMessage = z.infer<typeof primaryMessageSchema>;
