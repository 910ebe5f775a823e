/** One thing wrong with the configuration, told so that the reader can mend it at once. */
export interface ConfigProblem {
  /** The key in the file or the environment variable, such as `ice.turn.ttl` or `ICE_TURN_TTL`. */
  readonly key: string;
  /** What is wrong with the value. Never holds a secret. */
  readonly problem: string;
  /** What to do about it. */
  readonly fix: string;
}

/** The configuration cannot be used. Stops the start; holds every problem that was found. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly problems: readonly [ConfigProblem, ...ConfigProblem[]]) {
    super(problems.map((p) => `${p.key}: ${p.problem}. ${p.fix}`).join("\n"));
  }
}

/** @throws ConfigError when there are problems */
export function throwIfAny([first, ...rest]: readonly ConfigProblem[]): void {
  if (first !== undefined) {
    throw new ConfigError([first, ...rest]);
  }
}

/** The code of an error of Node or of a library, such as `ECONNREFUSED`; it repeats no values. */
export function findErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** A request field holds a value outside its range. The message is meant for the caller. */
export class InvalidFieldError extends Error {
  override readonly name = "InvalidFieldError";

  /**
   * @param field the field's protobuf name, such as `ttl_seconds`
   * @param problem what is wrong and what would be right, such as `must be 0 or from 60 to 86400`
   */
  constructor(
    readonly field: string,
    readonly problem: string,
  ) {
    super(`${field} ${problem}`);
  }
}
