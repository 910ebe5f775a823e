import type { ArrivedCall } from "../arrived-call.js";

/**
 * Decides by headers and query alone whether a call goes on: returns, or throws (or rejects with)
 * what the call is refused with. Returns a promise only where it has to wait.
 */
export type AdmissionStage = (call: ArrivedCall) => Promise<void> | undefined;

/**
 * Runs the stages one after the other. When the call is over while one of them waits, none follows,
 * and its end is what it is refused with.
 */
export function joinStages(stages: readonly AdmissionStage[]): AdmissionStage {
  function runFrom(first: number, call: ArrivedCall): Promise<void> | undefined {
    for (let index = first; index < stages.length; index += 1) {
      const waiting = stages[index]?.(call);
      if (waiting !== undefined) {
        return waiting.then(
          () => {
            throwIfOver(call);
            return runFrom(index + 1, call);
          },
          (error) => {
            throwIfOver(call);
            throw error;
          },
        );
      }
    }
    return undefined;
  }
  return (call) => runFrom(0, call);
}

function throwIfOver({ life }: ArrivedCall): void {
  const end = life.findEnd();
  if (end !== undefined) {
    throw end;
  }
}
