import type { Message, Shape } from '../schema/schema.ts'

/** A kind of record that a coordinator stores in its internal topic: its number, its key and its value. */
export interface RecordKind<
  Name extends string = string,
  Key extends Shape = Shape,
  Value extends Shape = Shape,
> {
  /** Kafka's number of the kind (`CoordinatorRecordType`), which stands in front of the key; each topic has its own. */
  readonly type: number
  readonly name: Name
  /** Always in version 0: what is in front of a key is `type`, not a version. */
  readonly key: Message<Key>
  readonly value: Message<Value>
}

/** Declares a kind of record. */
export function recordKind<Name extends string, Key extends Shape, Value extends Shape>(
  type: number,
  name: Name,
  key: Message<Key>,
  value: Message<Value>,
): RecordKind<Name, Key, Value> {
  return { type, name, key, value }
}
