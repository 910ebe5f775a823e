/** The rotation cannot go on by itself. Never holds a secret. */
export class RotationError extends Error {
  override readonly name = "RotationError";

  constructor(
    readonly problem: string,
    readonly fix: string,
  ) {
    super(`${problem}. ${fix}`);
  }
}
