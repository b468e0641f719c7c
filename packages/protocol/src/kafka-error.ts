/** The root of every error that this library throws: a stable `code` to branch on, a message for people. */
export class KafkaError extends Error {
  override readonly name: string = 'KafkaError'
  /** Stable and upper case: Kafka's own name (`NOT_LEADER_OR_FOLLOWER`) or one of ours (`MALFORMED`, ...). */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Bytes from the network or the disk are not what the protocol says. Nothing of the frame may be used. */
export class MalformedError extends KafkaError {
  override readonly name = 'MalformedError'
  /** Names of the fields from the outermost to the one that could not be read: `topics`, `[3]`, `name`. */
  readonly path: string[] = []
  /** Where in the buffer reading stopped. */
  readonly position: number
  readonly #what: string

  constructor(what: string, position: number, options?: ErrorOptions) {
    super('MALFORMED', what, options)
    this.#what = what
    this.position = position
  }

  /** Puts an outer field's name in front of the path; used while the error travels outwards. */
  within(name: string): this {
    this.path.unshift(name)
    const where = this.path.join('.').replaceAll('.[', '[')
    this.message = `${where}: ${this.#what} (at byte ${this.position})`
    return this
  }
}

/** A value cannot be written: a required field is missing, or a value is outside what the wire can carry. */
export class EncodeError extends KafkaError {
  override readonly name = 'EncodeError'
  readonly path: string[] = []
  readonly #what: string

  constructor(what: string, options?: ErrorOptions) {
    super('INVALID_VALUE', what, options)
    this.#what = what
  }

  within(name: string): this {
    this.path.unshift(name)
    this.message = `${this.path.join('.').replaceAll('.[', '[')}: ${this.#what}`
    return this
  }
}

/** The two sides have no common version, or the common one cannot carry what was asked for. */
export class UnsupportedVersionError extends KafkaError {
  override readonly name = 'UnsupportedVersionError'
  /** Name of the API or message. */
  readonly api: string
  /** The version that was to be used; undefined when none is common. */
  readonly version: number | undefined
  /** The field that the version lacks; undefined when none is common. */
  readonly field: string | undefined

  constructor(message: string, api: string, version?: number, field?: string) {
    super('UNSUPPORTED_VERSION', message)
    this.api = api
    this.version = version
    this.field = field
  }
}
