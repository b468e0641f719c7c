import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { CodecName, ControlRecordType } from '@samsa/protocol'
import {
  BATCH_HEADER_BYTES,
  codec,
  compress,
  controlRecordKey,
  peekRequest,
  requestHeaderVersion,
  responseHeaderVersion,
} from '@samsa/protocol'
import { repository } from '../lab/cluster/surroundings.ts'
import { explainedResponse } from './explain-targets.ts'
import type { Input } from './input.ts'
import { plainInput, traced, tracedBatch } from './input.ts'
import { sensibleRequests } from './requests.ts'
import { sealBatch, sealFrame } from './seal.ts'
import { controlValues, storedKinds, storedRecord, storedTargetName } from './stored-targets.ts'
import type { Target } from './targets.ts'
import { allTargets, apis, messages } from './targets.ts'

/** A target with the good inputs to begin from. */
export interface Subject {
  readonly target: Target
  readonly inputs: Input[]
  /** Makes sizes and checksums right again, so that what was mutated behind them is read. */
  readonly seal: ((bytes: Buffer) => void) | undefined
}

interface Vector {
  api?: number
  name: string
  kind: string
  version: number
  hex: string
  prefix?: string
}

interface GoldenBatch {
  hex: string
  codec?: string
  magic?: number
  valid?: boolean
}

const testdata = join(repository, 'packages/protocol/testdata')

/** Every target that has golden bytes, in a fixed order. */
export function subjects(): Subject[] {
  const targets = allTargets()
  const found = new Map<string, Subject>()
  const add = (name: string, input: Input, seal?: Subject['seal']): void => {
    const target = targets.get(name)
    if (!target) return
    const subject = found.get(name) ?? { target, inputs: [], seal }
    subject.inputs.push(input)
    found.set(name, subject)
  }
  for (const file of readdirSync(join(testdata, 'vectors')).sort()) {
    const isFrames = file.startsWith('frames')
    for (const vector of lines<Vector>(`vectors/${file}`)) (isFrames ? addFrame : addMessage)(vector, add)
  }
  for (const { hex, codec: name, magic, valid } of lines<GoldenBatch>('batches.jsonl.gz')) {
    const bytes = Buffer.from(hex, 'hex')
    add('batch', tracedBatch(bytes), sealBatch)
    if (bytes.length <= 4096) add('explain:records', tracedBatch(bytes), sealBatch)
    if (valid !== false && magic === 2 && name && name !== 'none')
      add(`codec:${name}`, plainInput(bytes.subarray(BATCH_HEADER_BYTES)))
  }
  for (const name of ['gzip', 'snappy', 'lz4', 'zstd'] as const) addContents(name, add)
  addStored(add)
  return [...found.values()]
}

/** Messages in versions of which no golden bytes tell, by their targets' names. */
export function withoutGolden(): string[] {
  const have = new Set(subjects().map(({ target }) => target.name))
  return [...allTargets().values()]
    .filter(({ kind, name }) => kind === 'message' && !have.has(name))
    .map(({ name }) => name)
}

/** Requests with their sizes in front, as a broker gets them. */
export function requestInputs(): Input[] {
  const golden = lines<Vector>('vectors/frames.jsonl.gz').filter(({ kind }) => kind === 'request')
  return [...golden.map(({ hex }) => Buffer.from(hex, 'hex')), ...sensibleRequests()].map(frameInput)
}

type Add = (name: string, input: Input, seal?: Subject['seal']) => void

function addMessage(vector: Vector, add: Add): void {
  const isOfApi = vector.kind === 'request' || vector.kind === 'response'
  const ending = vector.kind === 'request' ? 'Request' : 'Response'
  const name = isOfApi ? vector.name.replace(/(Request|Response)?$/, ending) : vector.name
  const whole = Buffer.from(vector.hex, 'hex')
  const bytes = vector.prefix === 'type' || vector.prefix === 'version' ? whole.subarray(2) : whole
  add(`blob:${name}`, plainInput(whole))
  const message = messages.get(name)
  if (!message || vector.version < message.minVersion || vector.version > message.maxVersion) return
  const read = codec(message, vector.version)
  add(
    `message:${name}@${vector.version}`,
    traced(bytes, (reader) => read.decode(reader)),
  )
}

function addFrame(vector: Vector, add: Add): void {
  const whole = Buffer.from(vector.hex, 'hex')
  if (vector.kind === 'request') {
    for (const name of ['requests', 'explain:request', 'explain:stream'])
      add(name, frameInput(whole), sealFrame)
    return
  }
  const api = apis.get(vector.api ?? -1)
  if (!api) return
  const input = traced(whole.subarray(4), (reader) => {
    reader.int32()
    if (responseHeaderVersion(api, vector.version) > 0) reader.uvarint()
    codec(api.response, vector.version).decode(reader)
  })
  add(`response:${api.name}@${vector.version}`, input)
  add(explainedResponse(api, vector.version), input)
}

/** Each value of a stored record with the key that belongs to it. */
function addStored(add: Add): void {
  const stored = lines<Vector>('vectors/coordinator-records.jsonl.gz')
  const bytesOf = (wanted: string, all: Vector[]) =>
    all.filter(({ name }) => name === wanted).map(({ hex }) => Buffer.from(hex, 'hex'))
  for (const { topic, kind } of storedKinds()) {
    const keys = bytesOf(kind.key.name, stored)
    for (const [index, value] of [Buffer.alloc(0), ...bytesOf(kind.value.name, stored)].entries()) {
      const key = keys[index % keys.length] as Buffer
      add(storedTargetName(topic), plainInput(storedRecord(key, value)))
    }
  }
  const other = lines<Vector>('vectors/other.jsonl.gz')
  for (const [type, name] of Object.entries(controlValues)) {
    const key = controlRecordKey(type as ControlRecordType)
    for (const value of bytesOf(name, other))
      add(storedTargetName('control'), plainInput(storedRecord(key, value)))
  }
}

function frameInput(whole: Buffer): Input {
  return traced(whole, (reader) => {
    reader.int32()
    const { apiKey, apiVersion, reader: peeked } = peekRequest(whole.subarray(4))
    for (const skip of ['int16', 'int16', 'int32'] as const) reader[skip]()
    reader.take(4 + peeked.position - reader.position)
    const api = apis.get(apiKey)
    if (!api) return
    if (requestHeaderVersion(api, apiVersion) > 1) reader.uvarint()
    codec(api.request, apiVersion).decode(reader)
  })
}

/** Contents that make a codec use what it has: repetitions, runs, noise, several blocks. */
function addContents(name: CodecName, add: Add): void {
  const text = Buffer.from('kafka record batch, kafka record batch, and so on. '.repeat(20))
  const noise = Buffer.from(Array.from({ length: 400 }, (_, index) => Math.imul(index, 0x9e3779b1) >>> 24))
  const contents = [Buffer.alloc(0), Buffer.from([7]), text, noise, Buffer.concat([noise, text, noise])]
  for (const content of [...contents, Buffer.alloc(70_000, 1)])
    add(`codec:${name}`, plainInput(Buffer.from(compress(name, content))))
}

function lines<T>(file: string): T[] {
  return gunzipSync(readFileSync(join(testdata, file)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}
