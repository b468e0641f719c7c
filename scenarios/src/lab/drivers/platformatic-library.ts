import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'

/** What the driver uses of @platformatic/kafka, which is installed apart from this repository. */
interface Platformatic {
  Producer: new (options: object) => Producer
  Consumer: new (options: object) => Consumer
}

export interface Sender {
  send(call: object): Promise<{ offsets?: { topic: string; partition: number; offset: bigint }[] }>
}

export interface Producer extends Sender {
  initIdempotentProducer(options: object): Promise<unknown>
  beginTransaction(): Promise<Transaction>
  close(): Promise<void>
}

export interface Transaction extends Sender {
  addConsumer(consumer: Consumer): Promise<void>
  addOffset(message: Message): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

export interface Message {
  topic: string
  partition: number
  offset: bigint
  /** Nothing where the record has null. */
  value: Buffer | null | undefined
}

export interface Stream extends Readable {
  readonly offsetsToFetch: Map<string, bigint>
  close(): Promise<void>
}

export interface Consumer {
  generationId: number
  consume(options: object): Promise<Stream>
  commit(options: object): Promise<void>
  listOffsets(options: object): Promise<Map<string, bigint[]>>
  on(event: string, listener: (payload: { assignments?: Assignment[] }) => void): void
  assignments: Assignment[] | null
  close(force?: boolean): Promise<void>
}

interface Assignment {
  topic: string
  partitions: number[]
}

const require = createRequire(join(process.env['CLIENTS_HOME'] ?? '', 'package.json'))
const entry = require.resolve('@platformatic/kafka')
export const { Producer, Consumer } = (await import(pathToFileURL(entry).href)) as Platformatic
export const { version } = require(join(dirname(entry), '../package.json')) as { version: string }
