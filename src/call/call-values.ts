import type { ContextKey, ContextValues } from "@connectrpc/connect";
import { type CallRecord, callRecordKey } from "./call-record.js";

/**
 * What the stages and the implementation of one call hand on to each other. The record of the call,
 * which each of them needs, has a field; the rest is kept when somebody has something to keep. That is
 * one value at the most, nearly always, so that it needs no Map: a watch would keep it for hours.
 */
export class CallValues implements ContextValues {
  readonly #record: CallRecord;
  #firstId: symbol | undefined = undefined;
  #firstValue: unknown = undefined;
  #others: Map<symbol, unknown> | undefined = undefined;

  constructor(record: CallRecord) {
    this.#record = record;
  }

  get<T>(key: ContextKey<T>): T;
  get(key: ContextKey<unknown>): unknown {
    if (key.id === callRecordKey.id) {
      return this.#record;
    }
    if (key.id === this.#firstId) {
      return this.#firstValue;
    }
    const others = this.#others;
    return others?.has(key.id) ? others.get(key.id) : key.defaultValue;
  }

  set<T>(key: ContextKey<T>, value: T): this {
    if (this.#firstId === undefined || this.#firstId === key.id) {
      this.#firstId = key.id;
      this.#firstValue = value;
    } else {
      this.#others ??= new Map();
      this.#others.set(key.id, value);
    }
    return this;
  }

  delete(key: ContextKey<unknown>): this {
    if (key.id === this.#firstId) {
      this.#firstValue = undefined;
      this.#firstId = undefined;
    }
    this.#others?.delete(key.id);
    return this;
  }
}
