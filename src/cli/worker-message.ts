import { z } from "zod";

const problemSchema = z.object({ key: z.string(), problem: z.string(), fix: z.string() });

/** What a worker tells the primary process: that it serves, or why it will not. */
export const workerMessageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("refused"), problems: z.tuple([problemSchema], problemSchema) }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;
