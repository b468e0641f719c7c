import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CodecName } from '@samsa/protocol'
import { BatchWriter, codecNames, encode, Metadata, prepareCodec } from '@samsa/protocol'
import { runTool } from '../foreign/run-tool.ts'
import type { JavaScriptRuntime } from '../foreign/runtimes.ts'
import { programOf, runtimes } from '../foreign/runtimes.ts'
import { javaScriptClients, npmPackages } from '../foreign/tools.ts'
import { differentValues, median, table } from './figures.ts'
import type { ProtocolOrder } from './protocol-driver.ts'
import type { Figures, Row } from './protocol-rows.ts'
import { BASE_TIMESTAMP, PARTITIONS, RECORDS, rows, VALUE_BYTES } from './protocol-rows.ts'

export interface ProtocolBenchOptions {
  rounds: number
  /** How long each row is measured in each round. */
  milliseconds: number
  /** Names of codecs; all of them when empty. */
  peers: readonly string[]
  log: (line: string) => void
}

/** One run of one codec on one Node. */
export interface ProtocolRun {
  node: string
  peer: string
  round: number
  figures: Figures
}

const PEERS = {
  samsa: new URL('./protocol-samsa.js', import.meta.url),
  'samsa, native': new URL('./protocol-samsa.js', import.meta.url),
  kafkajs: new URL('./protocol-kafkajs.js', import.meta.url),
  platformatic: new URL('./protocol-platformatic.js', import.meta.url),
}
const NODES = ['Node 20.19.0', 'Node 24']
/** The optional peers of the protocol package. */
const NATIVE = ['@node-rs/crc32@1.10.8', 'snappy@7.4.3']
const RUN_LIMIT_MS = 300_000

/**
 * Processor time of the codecs of samsa, kafkajs and @platformatic/kafka for the same bytes. Each run is a process of
 * its own; codecs take turns within a round, so that what the machine does meanwhile hits all of them.
 */
export async function protocolBench(
  options: ProtocolBenchOptions,
): Promise<{ text: string; runs: ProtocolRun[] }> {
  const home = await javaScriptClients()
  const native = await npmPackages('native-packages', NATIVE)
  const fixtures = mkdtempSync(join(tmpdir(), 'samsa-bench-'))
  const runs: ProtocolRun[] = []
  try {
    await writeFixtures(fixtures)
    const names = Object.keys(PEERS) as (keyof typeof PEERS)[]
    const chosen = names.filter((name) => options.peers.length === 0 || options.peers.includes(name))
    for (let round = 0; round < options.rounds; round++) {
      for (const node of runtimes.filter(({ name }) => NODES.includes(name))) {
        // Another one begins in each round, so that none is always the first.
        for (const peer of chosen.map(
          (_, at) => chosen[(at + round) % chosen.length] as keyof typeof PEERS,
        )) {
          options.log(`protocol round ${round + 1}, ${node.name}, ${peer}`)
          const order = {
            fixtures,
            milliseconds: options.milliseconds,
            home,
            native: peer === 'samsa, native' ? native : undefined,
          }
          const figures = await run(node, PEERS[peer], order)
          runs.push({ node: node.name, peer, round, figures })
        }
      }
    }
    return { text: report(chosen, runs, options), runs }
  } finally {
    rmSync(fixtures, { recursive: true, force: true })
  }
}

async function run(node: JavaScriptRuntime, program: URL, order: ProtocolOrder): Promise<Figures> {
  const args = ['--no-warnings', fileURLToPath(program), JSON.stringify(order)]
  return JSON.parse(await runTool(await programOf(node), args, undefined, RUN_LIMIT_MS)) as Figures
}

/** The bytes are samsa's; that they are Kafka's is for the tests of the protocol package to show. */
async function writeFixtures(folder: string): Promise<void> {
  await prepareCodec('zstd')
  const values = differentValues(RECORDS, VALUE_BYTES)
  const write = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, name), bytes)
  write('values', Buffer.concat(values))
  for (const codec of codecNames) write(`batch-${codec}`, batchOf(values, codec))
  write('keyed', keyedBatchOf(values))
  for (const version of [6, 12]) write(`metadata-${version}`, metadata(version))
}

function batchOf(values: readonly Buffer[], codec: CodecName): Uint8Array {
  const writer = new BatchWriter()
  values.forEach((value, at) => {
    writer.append(BASE_TIMESTAMP + at, null, value, undefined)
  })
  return writer.finish({ codec })
}

function keyedBatchOf(values: readonly Buffer[]): Uint8Array {
  const writer = new BatchWriter()
  const headers = [
    { key: 'trace', value: '0123456789abcdef' },
    { key: 'source', value: 'bench' },
  ]
  values.forEach((value, at) => {
    writer.append(BASE_TIMESTAMP + at, `key-${at}`.padEnd(16), value, headers)
  })
  return writer.finish()
}

function metadata(version: number): Uint8Array {
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({
    errorCode: 0,
    partitionIndex,
    leaderId: partitionIndex % 3,
    replicaNodes: [0, 1, 2],
    isrNodes: [0, 1, 2],
    offlineReplicas: [],
  }))
  const topics = [{ errorCode: 0, name: 'topic', isInternal: false, partitions, topicId: TOPIC_ID }]
  const brokers = [0, 1, 2].map((nodeId) => ({ nodeId, host: `broker-${nodeId}`, port: 9092, rack: null }))
  return encode(Metadata.response, version, { brokers, clusterId: 'cluster', controllerId: 0, topics })
}

const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

function report(
  peers: readonly string[],
  runs: readonly ProtocolRun[],
  options: ProtocolBenchOptions,
): string {
  const parts = [...new Set(runs.map(({ node }) => node))].map((node) => {
    const mine = runs.filter((run) => run.node === node)
    const lines = rows.flatMap((row) => line(row, peers, mine))
    return `\n${node}\n${table(['', 'unit', 'goal', ...peers, ...peers.slice(1).map((peer) => `${peer} x`)], lines)}`
  })
  return [
    'Processor time of codecs (user and system, all threads), each in a process of its own, after warm-up; medians of',
    `${options.rounds} rounds of ${options.milliseconds} ms a row. 'x' is how many times samsa's time one takes, the median of the ratios within`,
    `each round. Batches of ${RECORDS} records with values of ${VALUE_BYTES} bytes like JSON; '!' marks a missed goal.`,
    ...parts,
  ].join('\n')
}

function line(row: Row, peers: readonly string[], runs: readonly ProtocolRun[]): string[][] {
  const figuresOf = (peer: string) =>
    runs.filter((run) => run.peer === peer).map(({ figures }) => figures[row.name])
  const cells = peers.map((peer) => shown(figuresOf(peer)))
  if (cells.every((cell) => cell === '-')) return []
  // What only native code can do is compared with native code.
  const isNative = row.name.endsWith(', native')
  const ours = figuresOf(isNative ? 'samsa, native' : 'samsa')
  const ratios = peers.slice(1).map((peer) => {
    const pairs = figuresOf(peer).flatMap((theirs, round) => {
      const own = ours[round]
      if (typeof theirs !== 'number' || typeof own !== 'number') return []
      return [row.unit === 'GB/s' ? own / theirs : theirs / own]
    })
    const ratio = median(pairs)
    if (Number.isNaN(ratio)) return '-'
    const isMissed = peer !== 'samsa, native' && row.ratio !== undefined && ratio < row.ratio
    return `${ratio.toFixed(1)}${isMissed ? ' !' : ''}`
  })
  const own = median(ours.filter((figure) => typeof figure === 'number'))
  const isMissed = row.goal !== undefined && (row.unit === 'GB/s' ? own < row.goal : own > row.goal)
  const goal = row.goal === undefined ? '' : `${row.goal}${isMissed ? ' !' : ''}`
  return [[row.name, row.unit, goal, ...cells, ...ratios]]
}

function shown(figures: readonly (number | string | undefined)[]): string {
  const failure = figures.find((figure) => typeof figure === 'string')
  if (failure !== undefined) return String(failure)
  const middle = median(figures.filter((figure) => typeof figure === 'number'))
  if (Number.isNaN(middle)) return '-'
  return middle < 10 ? middle.toFixed(2) : middle.toFixed(0)
}
