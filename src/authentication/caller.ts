/** Who calls, as proven by a verified token. */
export type Caller =
  | {
      readonly kind: "jwt";
      /** The token's `iss`. */
      readonly issuer: string;
      /** The token's `sub`, or the empty string where it has none. */
      readonly subject: string;
      /** The token's `exp`, in Unix seconds. */
      readonly expiresAtSeconds: number;
    }
  | {
      readonly kind: "connector";
      /** The entry's name in the connector tokens file. */
      readonly subject: string;
      /** The entry's `expires`, in Unix seconds, where it has one. */
      readonly expiresAtSeconds?: number;
    };

/** A caller as the log names it. */
export function describeCaller({ kind, subject }: Caller): {
  readonly kind: string;
  readonly name: string;
} {
  return { kind, name: subject };
}
