/** The part of a pino logger that most of the service needs. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
