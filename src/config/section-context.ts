import type { KeyObject } from "node:crypto";
import type { Files } from "../files/files.js";
import type { ProblemList } from "./problem-list.js";

/** What the sections of the configuration are built with. */
export interface SectionContext {
  readonly problems: ProblemList;
  readonly warn: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly needsCallers: boolean;
  /** Development: loopback only, no authentication needed. */
  readonly dev: boolean;
  readonly devSecret: KeyObject | undefined;
  readonly isFromVariable: (path: readonly PropertyKey[]) => boolean;
  readonly files: Files;
  /** Makes the name of a file absolute that the key at this path gives. */
  readonly resolveFile: (path: readonly PropertyKey[], name: string) => string;
  /** Reads a secret file; what is wrong with it joins the problems. */
  readonly readSecret: (path: readonly PropertyKey[], file: string) => KeyObject | undefined;
}
