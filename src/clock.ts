/** The present as Unix time in milliseconds. Injected wherever a test has to move time. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
