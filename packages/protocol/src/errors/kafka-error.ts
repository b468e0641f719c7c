import type { ErrorName } from './error-table.ts'

/** The root of every error that this library throws: a stable `code` to branch on, a message for people. */
export class KafkaError extends Error {
  override readonly name: string = 'KafkaError'
  /** Stable and upper case: Kafka's own name (`NOT_LEADER_OR_FOLLOWER`) or one of ours (`MALFORMED`, ...). */
  readonly code: ErrorName | (string & {})

  constructor(code: ErrorName | (string & {}), message: string, options?: ErrorOptions) {
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
    this.message = `${pathText(this.path)}: ${this.#what} (at byte ${this.position})`
    return this
  }
}

/** A value cannot be written: a required field is missing, or a value is outside what the wire can carry. */
export class EncodeError extends KafkaError {
  override readonly name = 'EncodeError'
  /** Names of the fields from the outermost to the one that could not be written. */
  readonly path: string[] = []
  readonly #what: string

  constructor(what: string, options?: ErrorOptions) {
    super('INVALID_VALUE', what, options)
    this.#what = what
  }

  /** Puts an outer field's name in front of the path; used while the error travels outwards. */
  within(name: string): this {
    this.path.unshift(name)
    this.message = `${pathText(this.path)}: ${this.#what}`
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
  #path: readonly string[]
  #broker: string | undefined

  constructor(message: string, api: string, version?: number, field?: string) {
    super('UNSUPPORTED_VERSION' satisfies ErrorName, message)
    this.api = api
    this.version = version
    this.#path = field === undefined ? [] : [field]
    if (field !== undefined) this.#tell()
  }

  /** The field that the version lacks, e.g. `topics[0].partitions[2].leaderEpoch`; undefined when no version is common. */
  get field(): string | undefined {
    return this.#path.length > 0 ? pathText(this.#path) : undefined
  }

  /** The broker that speaks no newer version, as people know it; undefined where no broker is involved. */
  get broker(): string | undefined {
    return this.#broker
  }

  /** Puts an outer field's name in front of the path; used while the error travels outwards. */
  within(name: string): this {
    if (this.#path.length > 0) {
      this.#path = [name, ...this.#path]
      this.#tell()
    }
    return this
  }

  /** Names the broker that the message was meant for; the first name stays. */
  meantFor(broker: string): this {
    this.#broker ??= broker
    if (this.#path.length > 0) this.#tell()
    return this
  }

  #tell(): void {
    const agreed = this.#broker ? ` (agreed on with ${this.#broker})` : ''
    this.message =
      `${this.api} v${this.version}${agreed} has no field ${this.field}, so its value would be lost; ` +
      'leave it out, or use a newer broker'
  }
}

function pathText(path: readonly string[]): string {
  return path.join('.').replaceAll('.[', '[')
}
