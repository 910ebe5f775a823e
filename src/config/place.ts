import type { KeyObject } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { Files } from "../files/files.js";
import { findTextFlaw } from "./free-text.js";
import { type KeyPath, printKeyPath } from "./key-path.js";
import type { ProblemCollection } from "./problem-collection.js";
import { adviseOnKind, describeWrongKind, printValue } from "./value-text.js";

/** A key that is unknown at its place. */
export interface UnknownKey {
  readonly name: string;
  /** The path of the section that contains it. */
  readonly path: KeyPath;
  /** The keys of that section. */
  readonly known: readonly string[];
}

/** Variables of the process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The context of one load of the configuration. */
export interface LoadContext {
  readonly problems: ProblemCollection;
  /** Adds a warning about something that works, but is probably a mistake. */
  readonly warn: (text: string) => void;
  /** Development: loopback only, no authentication needed, this TURN secret unless one is configured. */
  readonly dev: { readonly secret: KeyObject } | undefined;
  /** False when nobody is served: then a configuration without authentication is accepted. */
  readonly needsCallers: boolean;
  /** Suggests what to do about an unknown key. */
  readonly adviseOnKey: (key: UnknownKey) => string;
  readonly env: Environment;
  readonly files: Files;
  /** Absent without a configuration file. */
  readonly file: string | undefined;
  /** The variable that set a key, or one that contains it. */
  readonly findVariable: (path: KeyPath) => string | undefined;
}

/** The place of a value in the configuration, while it is read. */
export class Place {
  readonly path: KeyPath;
  readonly context: LoadContext;
  readonly #onlyKey: string | undefined;

  constructor(path: KeyPath, context: LoadContext, onlyKey?: string) {
    this.path = path;
    this.context = context;
    this.#onlyKey = onlyKey;
  }

  get isDev(): boolean {
    return this.context.dev !== undefined;
  }

  get isFromVariable(): boolean {
    return this.context.findVariable(this.path) !== undefined;
  }

  /** The place of a key or an entry inside the value. */
  at(...parts: KeyPath): Place {
    const inner = parts[0] === this.#onlyKey ? parts.slice(1) : parts;
    return new Place([...this.path, ...inner], this.context);
  }

  /** The same place, where the value of one key is written without the key. */
  inPlaceOf(key: string): Place {
    return new Place(this.path, this.context, key);
  }

  /**
   * Adds a problem of the value.
   *
   * @param problem a phrase that follows the name of the key
   * @param fix what to do; by default, a reference to the sample
   * @param transientCode as in {@link ConfigProblem}
   * @returns undefined, as a kind does that reads nothing
   */
  refuse(problem: string, fix = this.#sample, transientCode?: string): undefined {
    const { problems, findVariable } = this.context;
    const key = findVariable(this.path) ?? printKeyPath(this.path);
    problems.add({ key, problem, fix, transientCode });
  }

  /**
   * Adds that a text is not one of the allowed ones. If invisible characters may be the reason, they are
   * named instead.
   *
   * @param problem a phrase that follows the text, such as `is not a number`
   */
  refuseText(given: string, problem: string, fix: string): undefined {
    const flaw = findTextFlaw(given);
    return flaw === undefined
      ? this.refuse(`${printValue(given)} ${problem}`, fix)
      : this.refuse(flaw.problem, flaw.fix);
  }

  /** @param expected names of kinds, as in {@link describeWrongKind} */
  refuseKind(given: unknown, ...expected: readonly string[]): undefined {
    const advice = adviseOnKind(given, expected);
    this.refuse(
      describeWrongKind(this.path, given, expected),
      advice === undefined ? undefined : `${advice}; see ${this.#name} in config-sample.yaml`,
    );
  }

  warn(text: string): void {
    this.context.warn(text);
  }

  /**
   * Makes the name of a file absolute. It is relative to the configuration file, unless a variable set
   * it.
   */
  resolveFile(name: string): string {
    const { file = "." } = this.context;
    return this.isFromVariable ? resolve(name) : resolve(dirname(file), name);
  }

  get #sample(): string {
    return `See ${this.#name} in config-sample.yaml`;
  }

  get #name(): string {
    return printKeyPath(this.path);
  }
}
