import { KeyObject } from "node:crypto";
import { z } from "zod";
import { contentsSchema, problemsShape } from "./worker-message.js";

/** What the thread is to read: the configuration of this file, and every file that it names. */
export const threadOrderSchema = z.object({
  file: z.string().optional(),
  /** The secret of `--dev`. */
  devSecret: z.custom<KeyObject>((value) => value instanceof KeyObject).optional(),
});
export type ThreadOrder = z.infer<typeof threadOrderSchema>;

const versions = z.map(z.string(), z.string());

/** What the thread tells: that its code runs, then how it went. */
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
