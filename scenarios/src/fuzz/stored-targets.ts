import type { ControlRecordType, InternalTopic, RecordKind } from '@samsa/protocol'
import * as protocol from '@samsa/protocol'
import { Finding, sameValue } from './oracle.ts'
import type { Target } from './targets.ts'

/** Records that brokers store: the bytes are the key's length (int16), the key and the value. */
const topics = Object.keys(protocol.internalRecords) as InternalTopic[]

/** The target of a topic's records, or of control records. */
export function storedTargetName(topic: InternalTopic | 'control'): string {
  return `stored:${topic}`
}

/** As a stored target takes them. */
export function storedRecord(key: Uint8Array, value: Uint8Array): Buffer {
  const size = Buffer.alloc(2)
  size.writeInt16BE(key.length)
  return Buffer.concat([size, key, value])
}

/** The kinds of records of all topics, with the topic that holds them. */
export function storedKinds(): { topic: InternalTopic; kind: RecordKind }[] {
  return topics.flatMap((topic) =>
    (Object.values(protocol.internalRecords[topic]) as unknown as RecordKind[]).map((kind) => ({
      topic,
      kind,
    })),
  )
}

/** Which control record has which value. */
export const controlValues: Readonly<Record<ControlRecordType, string>> = {
  ABORT: 'EndTxnMarker',
  COMMIT: 'EndTxnMarker',
  LEADER_CHANGE: 'LeaderChangeMessage',
  SNAPSHOT_HEADER: 'SnapshotHeaderRecord',
  SNAPSHOT_FOOTER: 'SnapshotFooterRecord',
  KRAFT_VERSION: 'KRaftVersionRecord',
  KRAFT_VOTERS: 'VotersRecord',
}

function parts(bytes: Buffer): { key: Buffer; value: Buffer } {
  const size = bytes.length < 2 ? 0 : bytes.readUInt16BE(0)
  return { key: bytes.subarray(2, 2 + size), value: bytes.subarray(2 + size) }
}

/** What was read can be written, and is the same then. */
function readRecord(topic: InternalTopic, bytes: Buffer): void {
  const { key, value } = parts(bytes)
  const record = protocol.decodeInternalRecord(topic, key, value.length === 0 ? null : value)
  if (record === undefined) return
  const kind = storedKinds().find((each) => each.topic === topic && each.kind.name === record.name)?.kind
  if (!kind) throw new Finding(`there is no kind ${record.name}`)
  const again = protocol.encodeInternalKey(kind, record.key as never)
  const back =
    record.value === null
      ? null
      : protocol.encodeInternalValue(kind, record.version as number, record.value as never)
  const second = protocol.decodeInternalRecord(topic, again, back)
  if (!sameValue(record, second)) throw new Finding('what was decoded is another value after writing it')
}

function isExpected(error: unknown): boolean {
  if (error instanceof protocol.EncodeError) return /bytes of text where 32767 fit/.test(error.message)
  return error instanceof protocol.KafkaError
}

/** Records of the internal topics and of control batches. */
export const storedTargets: readonly Target[] = [
  ...topics.map((topic): Target => {
    const run = (bytes: Buffer) => readRecord(topic, bytes)
    return { kind: 'stored', name: storedTargetName(topic), run, isExpected }
  }),
  {
    kind: 'stored',
    name: storedTargetName('control'),
    isExpected,
    run(bytes) {
      const { key, value } = parts(bytes)
      protocol.decodeControlRecord(key, value)
    },
  },
]
