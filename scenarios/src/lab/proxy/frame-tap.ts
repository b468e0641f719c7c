import type { Api } from '@samsa/protocol'
import { apiOf, decodeRequest } from '@samsa/protocol'
import type { Answer } from './answers.ts'
import { cutToKnown, endpointsOf, namesBrokers, readAnswer, topicNamesOf, writeAnswer } from './answers.ts'
import type { Connection, Pending } from './connection.ts'
import { EndpointMask } from './endpoint-mask.ts'
import type { Fate } from './fate.ts'
import { Fates, namesTopic } from './fate.ts'
import type { Direction, Manner } from './fault.ts'
import type { CutterTarget } from './frame-cutter.ts'
import type { Lane } from './lane.ts'
import { touchedBy } from './parts.ts'
import type { ProxyState } from './state.ts'

/** What announces more is no frame. */
const FRAME_BYTES_MAX = 2 ** 30
/** Frames up to this size are read whole in any case, for the trace. */
const SMALL_FRAME_BYTES = 16 * 1024
/** Answers to Fetch above this are not held only for the brokers that they may name. */
const MASKED_FROM_BYTES = 1024 * 1024
const API_VERSIONS = 18
const REQUEST_HEAD_BYTES = 8
/** A version that no broker has: it then says which it has (KIP-511). */
const NO_VERSION = 0x7fff
const NOTHING = Buffer.alloc(0)
const NODE_ENDPOINTS_TAG = 0

/** What these say is not to be printed: passwords, tokens, settings that may be both. */
const SECRET: ReadonlySet<string> = new Set([
  'SaslAuthenticate',
  'AlterUserScramCredentials',
  'CreateDelegationToken',
  'RenewDelegationToken',
  'ExpireDelegationToken',
  'DescribeDelegationToken',
  'AlterConfigs',
  'IncrementalAlterConfigs',
])

/** The frame that is coming. */
interface Current {
  readonly api: Api | undefined
  readonly version: number
  readonly correlationId: number
  readonly size: number
  /** Of an answer: the request. */
  readonly asked: Pending | undefined
  readonly mask: EndpointMask | undefined
}

/** Looks at the frames of one direction of a connection, and does to them what faults want. */
export class FrameTap implements CutterTarget {
  readonly #state: ProxyState
  readonly #connection: Connection
  readonly #direction: Direction
  readonly #fates: Fates
  #current: Current | undefined
  #isBegun = false

  constructor(state: ProxyState, connection: Connection, direction: Direction) {
    this.#state = state
    this.#connection = connection
    this.#direction = direction
    this.#fates = new Fates(state, connection, direction)
  }

  head(size: number, first: Buffer): 'whole' | 'parts' | 'foreign' {
    const strange = this.#strangeness(size)
    if (strange !== undefined) {
      if (!this.#connection.isForeign) this.#state.note(`${strange}: bytes pass as they are`, this.#where)
      this.#connection.isForeign = true
      return 'foreign'
    }
    const current = this.#direction === 'request' ? this.#asks(size, first) : this.#answers(size, first)
    this.#current = current
    this.#isBegun = false
    return size + 4 <= SMALL_FRAME_BYTES || this.#isWantedWhole(current) ? 'whole' : 'parts'
  }

  part(bytes: Buffer, isLast: boolean): void {
    const current = this.#current as Current
    const lane = this.#lane
    if (!this.#isBegun) {
      this.#isBegun = true
      this.#note(current, this.#fates.usual(), undefined)
      if (this.#direction === 'request') this.#connection.asked({ ...current, touched: [] })
    }
    const hadHidden = current.mask?.hasHidden
    const out = current.mask?.apply(bytes) ?? bytes
    if (current.mask?.hasHidden !== hadHidden)
      this.#state.note('addresses hidden in a large answer', this.#where)
    lane.put(out, this.#state.now, { delayMs: lane.delayMs(this.#state.draw) })
    if (isLast) this.#current = undefined
  }

  raw(bytes: Buffer): void {
    this.#lane.put(bytes, this.#state.now, { delayMs: this.#lane.delayMs(this.#state.draw) })
  }

  whole(frame: Buffer): void {
    const current = this.#current as Current
    this.#current = undefined
    if (this.#direction === 'request') this.#request(current, frame)
    else this.#response(current, frame)
  }

  get #lane(): Lane {
    return this.#connection.lane(this.#direction)
  }

  get #where() {
    return { connection: this.#connection.id, address: this.#connection.address }
  }

  /** Why these are no frames; undefined when they may be. */
  #strangeness(size: number): string | undefined {
    if (this.#connection.isForeign) return 'the other direction has no frames'
    // A TLS record begins with its type (20 to 23) and the protocol's major version, 3.
    const type = size >>> 24
    if (type >= 0x14 && type <= 0x17 && ((size >>> 16) & 0xff) === 3) {
      this.#state.hide()
      return 'TLS'
    }
    if (size < 0 || size > FRAME_BYTES_MAX) return `a frame of ${size} bytes is none`
    return undefined
  }

  #asks(size: number, first: Buffer): Current {
    // What is shorter is no request: tokens of SASL have nothing but their size in front when it is begun in version 0.
    const isRequest = first.length >= REQUEST_HEAD_BYTES
    const version = isRequest ? first.readInt16BE(2) : -1
    const api = isRequest ? apiOf(first.readInt16BE(0)) : undefined
    if (api?.name === 'SaslHandshake' && version === 0) this.#connection.hasTokens = true
    return {
      api,
      version,
      correlationId: isRequest ? first.readInt32BE(4) : -1,
      size,
      asked: undefined,
      mask: undefined,
    }
  }

  #answers(size: number, first: Buffer): Current {
    const { pending } = this.#connection
    const correlationId = first.length >= 4 ? first.readInt32BE(0) : -1
    const index = pending.findIndex((each) => each.correlationId === correlationId)
    const asked = pending[index]
    // Answers come in the order of the requests: what was asked before has none.
    if (index >= 0) this.#connection.answerCame(index)
    const { api, version = -1 } = asked ?? {}
    const isMasked = api?.name === 'Fetch' && namesBrokers(api, version) && size > MASKED_FROM_BYTES
    const mask = isMasked ? new EndpointMask(api, version, NODE_ENDPOINTS_TAG) : undefined
    return { api, version, correlationId, size, asked, mask }
  }

  #isWantedWhole({ api, version, mask }: Current): boolean {
    if (api === undefined) return false
    if (this.#direction === 'response' && !mask && (isTelling(api) || namesBrokers(api, version))) return true
    return this.#state.faults.some(
      (fault) =>
        fault.isOpen &&
        (this.#fates.mayMeet(fault, api, version) ||
          // The answer may not name the topics that the request did.
          (this.#direction === 'request' &&
            namesTopic(fault.rule) &&
            this.#fates.mayMeet(fault, api, version, 'response'))),
    )
  }

  #request(current: Current, frame: Buffer): void {
    const { api, version } = current
    const body = api && (() => attempt(() => decodeRequest(api, version, frame.subarray(4))))
    const touched = once(() => (body ? touchedBy(body(), this.#state.topicNames) : []))
    const fate = this.#fates.of({
      ...current,
      frameBytes: frame.length,
      body: once(() => body?.()),
      touched,
      answer: () => undefined,
    })
    let bytes = frame
    if (api?.key === API_VERSIONS && version > api.maxVersion) {
      bytes = Buffer.from(frame)
      bytes.writeInt16BE(NO_VERSION, 6)
      fate.did.push(`asks for version ${NO_VERSION} instead, since ${version} cannot be read here`)
    }
    this.#note(current, fate, frame)
    const isTouchedWanted = this.#state.faults.some((fault) => fault.isOpen && namesTopic(fault.rule))
    if (fate.lost === undefined)
      this.#connection.asked({ ...current, touched: isTouchedWanted ? touched() : [] })
    this.#send(bytes, fate)
  }

  #response(current: Current, frame: Buffer): void {
    const { api, asked } = current
    const answer = once(() => api && attempt(() => readAnswer(api, current.version, frame)))
    const touched = once(() => [
      ...touchedBy(answer()?.body, this.#state.topicNames),
      ...(asked?.touched ?? []),
    ])
    if (api && isTelling(api)) this.#learn(answer())
    const fate = this.#fates.of({
      ...current,
      frameBytes: frame.length,
      body: () => answer()?.body,
      touched,
      answer,
    })
    const cuts = api?.key === API_VERSIONS && answer() ? cutToKnown(answer() as Answer) : []
    if (cuts.length > 0) fate.did.push(...cuts)
    const isNaming = api !== undefined && namesBrokers(api, current.version)
    if (isNaming && !answer()) fate.did.push('cannot be read: addresses stay')
    const endpoints = isNaming && answer() ? endpointsOf(answer() as Answer) : []
    this.#note(current, fate, frame)
    if (endpoints.length > 0) this.#sendReadressed(answer() as Answer, endpoints, fate)
    else this.#send(fate.isRewritten || cuts.length > 0 ? writeAnswer(answer() as Answer) : frame, fate)
  }

  #learn(answer: Answer | undefined): void {
    if (!answer) return
    for (const [id, name] of topicNamesOf(answer)) this.#state.topicNames.set(id, name)
  }

  /** Sends an answer that names brokers, as soon as all of them have a port here. */
  #sendReadressed(answer: Answer, endpoints: ReturnType<typeof endpointsOf>, fate: Fate): void {
    const { host, nodes } = this.#state
    const gate = { isClosed: false }
    const wanted = endpoints.map(({ id, at }) => ({ id, at, address: `${at.host}:${at.port}` }))
    for (const { id, address } of wanted) if (id !== undefined) nodes.set(address, id)
    const missing = new Set<string>()
    const write = () => {
      for (const { at, address } of wanted) {
        at.host = host
        at.port = this.#state.portFor(address, () => {}) as number
      }
      return writeAnswer(answer)
    }
    for (const { address } of wanted) {
      if (missing.has(address)) continue
      const port = this.#state.portFor(address, () => {
        missing.delete(address)
        if (missing.size > 0) return
        gate.isClosed = false
        if (parcel) this.#lane.refill(parcel, this.#cutTo(write(), fate))
        this.#connection.settle()
      })
      if (port === undefined) missing.add(address)
    }
    this.#state.reviewListeners()
    gate.isClosed = missing.size > 0
    if (gate.isClosed) fate.gates.push(gate)
    const parcel = this.#send(gate.isClosed ? NOTHING : write(), fate)
  }

  #send(bytes: Buffer, fate: Fate) {
    const lane = this.#lane
    const { now } = this.#state
    const { delayMs, gates, lost, cut } = fate
    if (lost !== undefined) {
      if (lost !== 'go on') lane.put(NOTHING, now, { delayMs, next: lost })
      return undefined
    }
    if (!cut) return lane.put(bytes, now, { delayMs, gates })
    const onLeft = () => this.#cutOff(cut.how, cut.bytes >= bytes.length)
    return lane.put(this.#cutTo(bytes, fate), now, { delayMs, gates, onLeft })
  }

  #cutTo(bytes: Buffer, { cut }: Fate): Buffer {
    return cut ? bytes.subarray(0, cut.bytes) : bytes
  }

  /** The connection ends behind these bytes; a broker that has a whole request is to carry it out. */
  #cutOff(how: Manner, isWhole: boolean): void {
    if (this.#direction === 'request' && isWhole) this.#connection.cutBehind(how)
    else this.#connection.destroyBoth(how)
  }

  #note(current: Current, fate: Fate, frame: Buffer | undefined): void {
    const { api, version, correlationId, size } = current
    const seen = { ...this.#where, direction: this.#direction, api, version, correlationId, size: size + 4 }
    const isSecret = this.#connection.hasTokens || SECRET.has(api?.name ?? '')
    this.#state.trace.add(this.#state.now, { ...seen, did: fate.did, frame: isSecret ? undefined : frame })
  }
}

/** Whether answers of this API tell what the proxy must know: versions, brokers, names of topics. */
function isTelling({ name }: Api): boolean {
  return (
    name === 'ApiVersions' ||
    name === 'Metadata' ||
    name === 'DescribeTopicPartitions' ||
    name === 'CreateTopics'
  )
}

/** The value, or undefined when the bytes do not hold what they should. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
