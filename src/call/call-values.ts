import type { ContextKey, ContextValues } from "@connectrpc/connect";
import { type CallRecord, callRecordKey } from "./call-record.js";

/**
 * What the stages and the implementation of one call hand on to each other. The record of the call,
 * which each of them needs, has a field; the rest is kept when somebody has something to keep.
 */
export class CallValues implements ContextValues {
  readonly #record: CallRecord;
  #others: Map<symbol, unknown> | undefined;

  constructor(record: CallRecord) {
    this.#record = record;
  }

  get<T>(key: ContextKey<T>): T;
  get(key: ContextKey<unknown>): unknown {
    if (key.id === callRecordKey.id) {
      return this.#record;
    }
    const others = this.#others;
    return others?.has(key.id) ? others.get(key.id) : key.defaultValue;
  }

  set<T>(key: ContextKey<T>, value: T): this {
    this.#others ??= new Map();
    this.#others.set(key.id, value);
    return this;
  }

  delete(key: ContextKey<unknown>): this {
    this.#others?.delete(key.id);
    return this;
  }
}
