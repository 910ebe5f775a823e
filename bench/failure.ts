/** Something the run needs is not there: a program, a build, or an option that makes sense. */
export class MissingPartError extends Error {
  override readonly name = "MissingPartError";
}

/** A wrong answer or a failed load: the figures would mean nothing. */
export class WrongAnswerError extends Error {
  override readonly name = "WrongAnswerError";
}
