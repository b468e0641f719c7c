import type { Api } from '@samsa/protocol'
import { explain, format } from '@samsa/protocol'
import type { Direction } from './fault.ts'

/** A frame that went through, or something else that happened. */
export interface TraceEntry {
  /** By the clock that was handed in. Milliseconds. */
  readonly at: number
  /** Undefined for what concerns no single one. */
  readonly connection: number | undefined
  /** Of the broker, `host:port`. */
  readonly address: string | undefined
  readonly direction: Direction | undefined
  readonly api: string | undefined
  readonly version: number | undefined
  readonly correlationId: number | undefined
  /** Of the frame, its prefix included. */
  readonly size: number
  /** What faults and the proxy itself did to it, or what happened. */
  readonly did: readonly string[]
  /** The frame field by field; '' when it was too large to be kept, or holds secrets. Made when it is asked for. */
  readonly text: string
}

/** An entry before it is kept. */
export interface Seen {
  readonly connection?: number
  readonly address?: string
  readonly direction?: Direction
  readonly api?: Api | undefined
  readonly version?: number | undefined
  readonly correlationId?: number | undefined
  readonly size?: number
  readonly did?: string[]
  /** The frame with its prefix; kept when it is small. */
  readonly frame?: Buffer | undefined
}

/** Frames up to this size are kept, to be explained if somebody asks. */
const KEPT_FRAME_BYTES = 4 * 1024
const ROWS = 24
const EXPLAIN_LIMITS = { maxPieces: 20_000, maxDecompressedBytes: 64 * 1024 }

/** The last things that happened, as many as it was told to keep. */
export class Trace {
  readonly #limit: number
  #entries: TraceEntry[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** What becomes of it later may still be added to `did`. */
  add(at: number, seen: Seen): void {
    if (this.#limit === 0) return
    this.#entries.push(entryOf(at, seen))
    if (this.#entries.length >= this.#limit * 2) this.#entries.splice(0, this.#limit)
  }

  /** Oldest first. */
  get entries(): readonly TraceEntry[] {
    return this.#entries.slice(-this.#limit)
  }
}

function entryOf(at: number, seen: Seen): TraceEntry {
  const { connection, address, direction, api, version, correlationId, size = 0, did = [], frame } = seen
  const kept = frame && frame.length <= KEPT_FRAME_BYTES ? Buffer.from(frame) : undefined
  return {
    at,
    connection,
    address,
    direction,
    api: api?.name,
    version,
    correlationId,
    size,
    did,
    get text() {
      if (kept === undefined || api === undefined) return ''
      const response = version === undefined ? ('unknown' as const) : { api, version }
      const options = direction === 'request' ? EXPLAIN_LIMITS : { ...EXPLAIN_LIMITS, response }
      return format(explain(kept, { ...options, sized: true }), { maxRows: ROWS })
    },
  }
}

/** One line for each entry; with `isFull` the fields of its frame below it. */
export function traceText(entries: readonly TraceEntry[], isFull = false): string {
  const from = entries[0]?.at ?? 0
  return entries
    .map((entry) => {
      const { at, connection, address, direction, api, version, correlationId, size, did } = entry
      const where = connection === undefined ? '' : ` #${connection} ${address}`
      const way = direction === undefined ? '' : direction === 'request' ? ' ->' : ' <-'
      const what =
        direction === undefined ? '' : ` ${api ?? '?'} v${version ?? '?'} (${correlationId}) ${size} B`
      const fate = did.length === 0 ? '' : ` [${did.join('; ')}]`
      const line = `${(at - from).toFixed(1).padStart(9)} ms${where}${way}${what}${fate}\n`
      return isFull && entry.text !== '' ? `${line}${entry.text.trimEnd().replace(/^/gm, '    ')}\n` : line
    })
    .join('')
}
