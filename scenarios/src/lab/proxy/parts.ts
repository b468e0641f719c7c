/** A topic, and the partition where one is meant. */
export interface Touched {
  readonly topic: string
  readonly partition: number | undefined
}

/** Kafka's names for the same things differ from message to message. */
const TOPIC_FIELDS = ['name', 'topic', 'topicName'] as const
const PARTITION_FIELDS = ['index', 'partitionIndex', 'partition'] as const
const ERROR_FIELDS = ['errorCode', 'partitionErrorCode'] as const

type Struct = Record<string, unknown>

/** A part of a decoded message, with the topic and partition that it belongs to. */
export interface Part {
  readonly value: Struct
  readonly topic: string | undefined
  readonly partition: number | undefined
  /** Structs around it, the message itself being 0. */
  readonly depth: number
}

/**
 * Every struct of a decoded message, outer before inner.
 * @param names topics by their ids, as answers have told them so far
 */
export function* partsOf(
  value: unknown,
  names: ReadonlyMap<string, string>,
  around: Omit<Part, 'value'> = { topic: undefined, partition: undefined, depth: 0 },
): Generator<Part, void> {
  if (!isStruct(value)) return
  const own = around.depth === 0 ? undefined : topicOf(value, names)
  const topic = own ?? around.topic
  const partition = own === undefined ? (partitionOf(value) ?? around.partition) : undefined
  yield { value, topic, partition, depth: around.depth }
  const inside = { topic, partition, depth: around.depth + 1 }
  for (const field of Object.values(value)) {
    for (const each of Array.isArray(field) ? field : [field]) yield* partsOf(each, names, inside)
  }
}

/** The topics and partitions that a decoded request or answer names. */
export function touchedBy(message: unknown, names: ReadonlyMap<string, string>): Touched[] {
  const touched: Touched[] = []
  for (const { value, topic, partition } of partsOf(message, names)) {
    if (topic === undefined) continue
    touched.push({ topic, partition })
    // Where partitions have nothing but their number they are no structs.
    for (const [name, list] of Object.entries(value)) {
      if (!/^partition/.test(name) || !Array.isArray(list)) continue
      for (const each of list) if (typeof each === 'number') touched.push({ topic, partition: each })
    }
  }
  return touched
}

/** The name of the field that holds the error of this part; undefined when it has none. */
export function errorField(value: Struct): string | undefined {
  return ERROR_FIELDS.find((name) => typeof value[name] === 'number')
}

function topicOf(value: Struct, names: ReadonlyMap<string, string>): string | undefined {
  for (const name of TOPIC_FIELDS) {
    const text = value[name]
    if (typeof text === 'string' && text !== '') return text
  }
  const id = value['topicId']
  return typeof id === 'string' ? names.get(id) : undefined
}

function partitionOf(value: Struct): number | undefined {
  for (const name of PARTITION_FIELDS) {
    const number = value[name]
    if (typeof number === 'number') return number
  }
  return undefined
}

export function isStruct(value: unknown): value is Struct {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}
