/** One problem of the configuration, worded so that the reader can fix it at once. */
export interface ConfigProblem {
  /** The key in the file or the environment variable, such as `ice.turn.ttl` or `ICE_TURN_TTL`. */
  readonly key: string;
  /** What is wrong with the value. Never holds a secret. */
  readonly problem: string;
  /** What to do about it. */
  readonly fix: string;
  /** The code of an error that may pass without a change of the configuration, such as `EMFILE`. */
  readonly transientCode?: string | undefined;
  /** The configuration is valid, but this machine cannot listen at the address that it names. */
  readonly isAddressFailure?: boolean | undefined;
}

/** How many problems are shown; a broken file can have as many as it has characters. */
export const maxShownProblems = 20;
/** How much of each text is shown, in UTF-16 code units. */
const maxTextLength = 500;

/**
 * The configuration cannot be used. Stops the start, or the reload. Holds the first 20 problems that
 * were found, each text at most 500 characters long, and the number of the others: code that prints or
 * logs them needs no bounds of its own.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly [ConfigProblem, ...ConfigProblem[]];
  /** How many problems were found beside those in {@link problems}. */
  readonly omittedCount: number;

  /** @param omittedCount how many problems were left out before these came here */
  constructor(problems: readonly [ConfigProblem, ...ConfigProblem[]], omittedCount = 0) {
    const [first, ...rest] = problems.slice(0, maxShownProblems).map(clipTexts);
    const shown = [first ?? problems[0], ...rest] as const;
    const omitted = omittedCount + problems.length - shown.length;
    const lines = shown.map((p) => `${p.key}: ${p.problem}. ${p.fix}`);
    super([...lines, ...(omitted > 0 ? [`and ${omitted} more`] : [])].join("\n"));
    this.problems = shown;
    this.omittedCount = omitted;
  }

  /** Whether it may pass without a change of the configuration. */
  get isTransient(): boolean {
    return this.problems.some(({ transientCode }) => transientCode !== undefined);
  }
}

/** Every problem as `key: problem`, each with its fix on a line of its own. */
export function printConfigError({ problems, omittedCount }: ConfigError): string {
  const what = describeFailure(problems);
  const lines = problems.map(({ key, problem, fix }) => `  ${key}: ${problem}\n    → ${fix}\n`);
  const others = omittedCount > 0 ? `  and ${omittedCount} more\n` : "";
  return `${what}:\n${lines.join("")}${others}`;
}

function describeFailure(problems: readonly ConfigProblem[]): string {
  if (problems.every(({ key }) => key.startsWith("--"))) {
    return "The command cannot be carried out";
  }
  return problems.every(({ isAddressFailure }) => isAddressFailure === true)
    ? "The service cannot start"
    : "The configuration cannot be used";
}

/** A command line that cannot be used: exit code 2, printed like problems of the configuration. */
export function usageError(key: string, problem: string, fix: string): ConfigError {
  return new ConfigError([{ key, problem, fix }]);
}

/**
 * @param omittedCount as of {@link ConfigError}
 * @throws ConfigError when there are problems
 */
export function throwIfAny(problems: readonly ConfigProblem[], omittedCount = 0): void {
  const [first] = problems;
  if (first !== undefined) {
    throw new ConfigError([first, ...problems.slice(1)], omittedCount);
  }
}

function clipTexts({
  key,
  problem,
  fix,
  transientCode,
  isAddressFailure,
}: ConfigProblem): ConfigProblem {
  return {
    key: clip(key),
    problem: clip(problem),
    fix: clip(fix),
    ...(transientCode !== undefined && { transientCode }),
    ...(isAddressFailure !== undefined && { isAddressFailure }),
  };
}

function clip(text: string): string {
  const shown =
    text.length > maxTextLength ? `${text.slice(0, maxTextLength - 1).toWellFormed()}…` : text;
  return shown.replace(unseen, printUnits);
}

/** Characters that a terminal acts on, or that nobody sees: they may be what is wrong. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

function printUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** The code of an error of Node or of a library, such as `ECONNREFUSED`; it repeats no values. */
export function findErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** Ends a call for a cause outside of this program. The log has the reason, instead of a stack. */
export abstract class CallRejectedError extends Error {
  /** Names the cause for the log. Holds nothing secret. */
  abstract readonly reason: string;
}

/** A request field holds a value outside its range. The message is meant for the caller. */
export class InvalidFieldError extends CallRejectedError {
  override readonly name = "InvalidFieldError";
  override readonly reason: string;

  /**
   * @param field the field's protobuf name, such as `ttl_seconds`
   * @param problem what is wrong and what would be right, such as `must be 0 or from 60 to 86400`
   */
  constructor(
    readonly field: string,
    readonly problem: string,
  ) {
    super(`${field} ${problem}`);
    this.reason = this.message;
  }
}
