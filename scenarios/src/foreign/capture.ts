import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { delay } from '../lab/cluster/surroundings.ts'
import { runTool } from './run-tool.ts'
import { tshark } from './tools.ts'

/** A capture ends by itself after this, whatever becomes of who began it. */
const LONGEST_SECONDS = 80
const START_LIMIT_MS = 20_000
/** What the kernel has seen last reaches the file a little later. */
const SETTLE_MS = 1_500

/** What a dissector says of one packet with messages of Kafka; each list in the order of the messages. */
export interface DissectedPacket {
  readonly frame: number
  readonly stream: string
  readonly correlationIds: readonly string[]
  /** API keys and versions of requests, and of the requests that responses answer. */
  readonly requestKeys: readonly string[]
  readonly requestVersions: readonly string[]
  readonly responseKeys: readonly string[]
  readonly responseVersions: readonly string[]
  /** Complaints, without those about TCP itself. */
  readonly complaints: readonly string[]
}

const COLUMNS = [
  'frame.number',
  'tcp.stream',
  'kafka.correlation_id',
  'kafka.request_key',
  'kafka.request.version',
  'kafka.response_key',
  'kafka.response.version',
  '_ws.malformed',
  '_ws.expert.group',
  '_ws.expert.message',
]
/** The group of complaints that TCP makes of its own order. */
const SEQUENCE_GROUP = '33554432'
const BETWEEN = '|'

/** What goes over loopback to and from one port. Needs the right to capture. */
export class Capture {
  readonly #child: ChildProcess
  readonly #file: string
  readonly #port: number

  private constructor(child: ChildProcess, file: string, port: number) {
    this.#child = child
    this.#file = file
    this.#port = port
  }

  static async begin(port: number, file: string): Promise<Capture> {
    const limits = ['-a', `duration:${LONGEST_SECONDS}`, '-B', '64']
    const child = spawn(tshark(), ['-i', 'lo', '-f', `tcp port ${port}`, '-w', file, ...limits], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.on('error', (error) => {
      said += error.message
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk
    })
    const deadline = performance.now() + START_LIMIT_MS
    while (!said.includes('Capture started')) {
      if (child.exitCode !== null || performance.now() > deadline) {
        child.kill('SIGKILL')
        throw new Error(`the capture did not begin: ${said}`)
      }
      await delay(50)
    }
    return new Capture(child, file, port)
  }

  /** Ends the capture and gives what the dissector makes of it. */
  async dissect(): Promise<DissectedPacket[]> {
    await delay(SETTLE_MS)
    await this.stop()
    const fields = COLUMNS.flatMap((name) => ['-e', name])
    const form = ['-T', 'fields', '-E', 'occurrence=a', '-E', `aggregator=${BETWEEN}`]
    const kafka = ['-d', `tcp.port==${this.#port},kafka`, '-Y', 'kafka']
    const output = await runTool(tshark(), ['-r', this.#file, ...kafka, ...form, ...fields])
    return output.split('\n').filter(Boolean).map(packetOf)
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    const tooLong = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(tooLong)
  }
}

function packetOf(line: string): DissectedPacket {
  const cells = line.split('\t')
  const column = (name: string): string[] =>
    (cells[COLUMNS.indexOf(name)] ?? '').split(BETWEEN).filter((value) => value !== '')
  const groups = column('_ws.expert.group')
  const messages = column('_ws.expert.message').filter((_, index) => groups[index] !== SEQUENCE_GROUP)
  return {
    frame: Number(cells[0]),
    stream: cells[1] ?? '',
    correlationIds: column('kafka.correlation_id'),
    requestKeys: column('kafka.request_key'),
    requestVersions: column('kafka.request.version'),
    responseKeys: column('kafka.response_key'),
    responseVersions: column('kafka.response.version'),
    complaints: [...column('_ws.malformed'), ...messages],
  }
}
