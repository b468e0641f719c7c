import { errorOf, KafkaError } from '@samsa/protocol'

export {
  CorruptRecordError,
  EncodeError,
  KafkaError,
  MalformedError,
  UnsupportedVersionError,
} from '@samsa/protocol'

/** Where an error code of a broker came from. */
export interface ServerErrorPlace {
  /** Name of the API that answered, e.g. `Produce`. */
  api: string
  topic?: string | undefined
  partition?: number | undefined
  /** The broker's own words, when it sent any. */
  detail?: string | null | undefined
  /** What else the reader of the message needs, e.g. `group my.group`. */
  about?: string | undefined
}

/**
 * A broker refused. `code` is Kafka's name (`NOT_LEADER_OR_FOLLOWER`), `errorCode` its number; `retriable` is Kafka's
 * own mark and is meant for people: this library decides by its recovery table.
 */
export class ServerError extends KafkaError {
  override readonly name = 'ServerError'
  readonly api: string
  readonly errorCode: number
  readonly retriable: boolean
  readonly topic: string | undefined
  readonly partition: number | undefined

  constructor(errorCode: number, place: ServerErrorPlace, options?: ErrorOptions) {
    const known = errorOf(errorCode)
    const where =
      place.topic === undefined
        ? ''
        : ` for ${place.topic}${place.partition === undefined ? '' : `-${place.partition}`}`
    const about = place.about ? ` (${place.about})` : ''
    const detail = place.detail ? ` The broker says: ${place.detail}.` : ''
    super(known.name, `${place.api}${where}${about}: ${known.name}. ${known.advice}${detail}`, options)
    this.api = place.api
    this.errorCode = errorCode
    this.retriable = known.retriable
    this.topic = place.topic
    this.partition = place.partition
  }
}

/** A connection could not be opened, or ended while requests waited for their answers. */
export class ConnectionError extends KafkaError {
  override readonly name = 'ConnectionError'
  /** `host:port`. */
  readonly address: string
  /** True when bytes of the request had left: whether the broker acted on it is then unknown. */
  readonly sent: boolean

  constructor(message: string, address: string, sent: boolean, options?: ErrorOptions) {
    super('CONNECTION', message, options)
    this.address = address
    this.sent = sent
  }
}

/** Something did not happen within its time. `cause` is the last error that was met on the way, if any. */
export class TimeoutError extends KafkaError {
  override readonly name = 'TimeoutError'
  /** How long was waited. Milliseconds. */
  readonly timeoutMs: number
  readonly waitingFor: string
  /** True when a request had left and its outcome is unknown. */
  readonly sent: boolean

  constructor(
    waitingFor: string,
    timeoutMs: number,
    options: ErrorOptions & { sent?: boolean; hint?: string } = {},
  ) {
    const problem = rootOf(options.cause)
    const cause = problem ? `; the last problem was: ${problem.message}` : ''
    // Behind a list of addresses the hint would seem to belong to the last one.
    const hint = options.hint ? `${cause.includes('\n') ? '\n' : '. '}${options.hint}` : ''
    super('TIMEOUT', `waited ${Math.round(timeoutMs)} ms for ${waitingFor}${cause}${hint}`, options)
    this.timeoutMs = timeoutMs
    this.waitingFor = waitingFor
    this.sent = options.sent ?? false
  }
}

/** What a wait was waiting for in the end: a wait within a wait explains nothing, so messages leave it out. */
function rootOf(cause: unknown): Error | undefined {
  if (cause instanceof TimeoutError && cause.cause instanceof Error) return rootOf(cause.cause)
  return cause instanceof Error ? cause : undefined
}

/** The broker refused who we are, or TLS did. Trying again with the same settings cannot help. */
export class AuthenticationError extends KafkaError {
  override readonly name = 'AuthenticationError'

  constructor(message: string, options?: ErrorOptions) {
    super('AUTHENTICATION', message, options)
  }
}

/** Another producer or group member has taken this one's place. It is over for this instance. */
export class FencedError extends KafkaError {
  override readonly name = 'FencedError'

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

/** A setting or an argument cannot be used; the message names it, the rule and the remedy. */
export class ConfigError extends KafkaError {
  override readonly name = 'ConfigError'
  readonly option: string
  readonly value: unknown

  constructor(option: string, value: unknown, message: string) {
    super('CONFIG', message)
    this.option = option
    this.value = value
  }
}

/** The rejection of every call that meets a closed client. */
export function closedError(what: string): KafkaError {
  return new KafkaError('CLOSED', `${what} is closed; create a new one`)
}
