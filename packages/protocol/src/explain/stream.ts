import type { Api } from '../schema/schema.ts'
import { beginsRequest, explain } from './frame.ts'
import { apiOf } from './known-apis.ts'
import type { Explained, ExplainLimits } from './piece.ts'
import type { Span } from './spans.ts'
import { spansOf } from './spans.ts'

/** What was captured of one TCP connection: the bytes of each direction, in order, cut anywhere. */
export interface Capture {
  /** What the client sent. */
  readonly client: Iterable<Uint8Array>
  /** What the broker sent. */
  readonly server: Iterable<Uint8Array>
}

/** A request and its response; one of them may be missing. */
export interface Exchange {
  readonly kind: 'exchange'
  /** undefined when the request is not in the capture. */
  readonly request: Explained | undefined
  /** Where the request begins in what the client sent. */
  readonly requestAt: number | undefined
  /** undefined when the response is not in the capture, or when there is none. */
  readonly response: Explained | undefined
  /** Where the response begins in what the broker sent. */
  readonly responseAt: number | undefined
  /** Why one of them is missing or not whole; '' when all is well. */
  readonly note: string
}

/** Bytes in which no frame could be found. */
export interface Unreadable {
  readonly kind: 'unreadable'
  readonly from: 'client' | 'server'
  /** Counted from the start of what that side sent. */
  readonly start: number
  readonly end: number
  readonly bytes: Uint8Array
  readonly note: string
}

/** Bounds of the explanation of a capture. */
export interface StreamOptions extends ExplainLimits {
  /** What announces more is no frame. Default 100 MiB, Kafka's own. */
  readonly maxFrameBytes?: number
}

/** A request that was found, and what may be known without explaining it. */
interface Sent {
  readonly span: Span
  readonly api: Api | undefined
  readonly version: number
  readonly correlationId: number | undefined
  answer: Span | undefined
}

type ServerItem = { readonly span: Span; readonly sent: Sent | undefined }

/**
 * Explains a captured connection: requests with their responses, which are found by the correlation id and read in the
 * version of the request. Bytes that are no frames are told apart, also when the capture begins in the middle; nothing
 * in it makes this throw.
 * @returns exchanges in the order of the requests; what belongs to none stands where it was found
 */
export function* explainStream(
  capture: Capture,
  options: StreamOptions = {},
): Generator<Exchange | Unreadable, void> {
  const client = Buffer.concat([...capture.client])
  const server = Buffer.concat([...capture.server])
  const maxFrameBytes = options.maxFrameBytes ?? 100 * 1024 * 1024
  const sent = requestsIn(client, maxFrameBytes)
  const received = responsesIn(server, sent, maxFrameBytes)
  let next = 0
  function* serverItems(before: Span | undefined) {
    for (; next < received.length && received[next]?.span !== before; next++) {
      const { span, sent } = received[next] as ServerItem
      if (!sent) yield unpaired(server, span, options)
    }
  }
  for (const each of sent) {
    if (each.span.kind === 'unreadable') {
      yield unreadable('client', client, each.span)
      continue
    }
    if (each.answer && isAhead(received, next, each.answer)) yield* serverItems(each.answer)
    yield exchange(client, server, each, options)
  }
  yield* serverItems(undefined)
}

function isAhead(received: readonly ServerItem[], next: number, answer: Span): boolean {
  const first = received[next]
  return first !== undefined && first.span.start < answer.start
}

function requestsIn(bytes: Buffer, maxFrameBytes: number): Sent[] {
  const isKnown = (at: number) => beginsRequest(bytes, at) && isClientId(bytes, at + 8)
  return [...spansOf({ bytes, isKnown, maxFrameBytes })].map((span) => {
    const at = span.start + 4
    const hasHeader = span.kind !== 'unreadable' && span.end - at >= 8
    return {
      span,
      api: hasHeader ? apiOf(bytes.readInt16BE(at)) : undefined,
      version: hasHeader ? bytes.readInt16BE(at + 2) : 0,
      correlationId: hasHeader ? bytes.readInt32BE(at + 4) : undefined,
      answer: undefined,
    }
  })
}

/** Client ids are short text; it tells a request's header from bytes that merely look like its first fields. */
function isClientId(bytes: Buffer, at: number): boolean {
  if (bytes.length - at < 2) return true
  const length = bytes.readInt16BE(at)
  if (length < -1) return false
  return !bytes.subarray(at + 2, at + 2 + Math.min(length, 32)).some((byte) => byte < 0x20 || byte === 0x7f)
}

function responsesIn(bytes: Buffer, sent: readonly Sent[], maxFrameBytes: number): ServerItem[] {
  const waiting = new Map<number, Sent[]>()
  for (const each of sent) {
    if (each.correlationId === undefined) continue
    const others = waiting.get(each.correlationId)
    if (others) others.push(each)
    else waiting.set(each.correlationId, [each])
  }
  const isKnown = (at: number) => waiting.has(bytes.readInt32BE(at))
  return [...spansOf({ bytes, isKnown, maxFrameBytes })].map((span) => {
    const hasHeader = span.kind !== 'unreadable' && span.end - span.start >= 8
    const found = hasHeader ? waiting.get(bytes.readInt32BE(span.start + 4))?.shift() : undefined
    if (found) found.answer = span
    return { span, sent: found }
  })
}

function exchange(client: Buffer, server: Buffer, each: Sent, limits: ExplainLimits): Exchange {
  const { span, api, version, answer } = each
  const request = explain(client.subarray(span.start, span.end), { ...limits, sized: true })
  const response = api && answer ? { api, version } : 'unknown'
  return {
    kind: 'exchange',
    request,
    requestAt: span.start,
    response:
      answer && explain(server.subarray(answer.start, answer.end), { ...limits, sized: true, response }),
    responseAt: answer?.start,
    note: noteOf(each, request),
  }
}

function noteOf({ span, answer }: Sent, request: Explained): string {
  if (span.kind === 'partial') return 'the capture ends inside the request'
  if (answer?.kind === 'partial') return 'the capture ends inside the response'
  if (answer) return ''
  const isSilent =
    request.api?.name === 'Produce' &&
    request.pieces.some(({ path, value }) => path === 'acks' && value === 0)
  return isSilent ? 'acks is 0: there is no response' : 'the response is not in the capture'
}

/** What the server sent and no request asked for, as far as the capture shows. */
function unpaired(server: Buffer, span: Span, limits: ExplainLimits): Exchange | Unreadable {
  if (span.kind === 'unreadable') return unreadable('server', server, span)
  return {
    kind: 'exchange',
    request: undefined,
    requestAt: undefined,
    response: explain(server.subarray(span.start, span.end), { ...limits, sized: true, response: 'unknown' }),
    responseAt: span.start,
    note: 'the request is not in the capture',
  }
}

function unreadable(from: 'client' | 'server', all: Buffer, { start, end }: Span): Unreadable {
  const why =
    start === 0
      ? 'no frame begins here: the capture begins in the middle, or this is not Kafka'
      : 'no frame begins here'
  return { kind: 'unreadable', from, start, end, bytes: all.subarray(start, end), note: why }
}
