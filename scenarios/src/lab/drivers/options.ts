/** What a driver is told on its command line. */
export interface DriverOptions {
  role: Role
  bootstrapServers: string
  run: string
  who: string
  firstOp: number
  firstValue: number
  history: string
  seconds: number
  /** produce, consume, churn: topics with their numbers of partitions. */
  topics: readonly Topic[]
  /** copy. */
  from: readonly Topic[]
  to: readonly Topic[]
  /** Records a second, over all partitions; 0 is as fast as the window allows. */
  rate: number
  /** After so many records producing ends; 0: by time only. */
  records: number
  valueBytes: number
  keys: boolean
  acks: 'all' | '1' | '0'
  idempotence: boolean
  inFlight: number
  deliveryTimeoutMs: number
  requestTimeoutMs: number
  lingerMs: number
  compression: string
  /** Most records that are under way at the same time. */
  window: number
  /** Producing ends when this file exists. */
  stopOn: string
  assign: boolean
  group: string
  isolation: 'read_committed' | 'read_uncommitted'
  sessionTimeoutMs: number
  /** `manual`: after what a poll gave; `each`: after each record, before the next one is looked at. */
  commit: 'auto' | 'manual' | 'each' | 'none'
  /** How long a handler takes; with `handleMostMs` above it a time between the two. */
  handleMs: number
  handleMostMs: number
  /** Most records that a handler is given at once. */
  maxPollRecords: number
  handed: boolean
  /** A positive control: what was polled is handled one poll later, whatever was revoked meanwhile. */
  ignoreRevocations: boolean
  drain: boolean
  transactionalId: string
  /** Every so many-th transaction is aborted. */
  abortOneIn: number
  batch: number
  members: number
  /** churn: how long a member stays, and how many departures are needed for one to be a death; 0 for none. */
  stayMs: number
  stayMostMs: number
  deathOneIn: number
}

export type Role = 'produce' | 'consume' | 'copy' | 'churn'

export interface Topic {
  name: string
  partitions: number
}

const roles: readonly string[] = ['produce', 'consume', 'copy', 'churn'] satisfies Role[]

const defaults: DriverOptions = {
  role: 'produce',
  bootstrapServers: '',
  run: '',
  who: '',
  firstOp: 0,
  firstValue: 0,
  history: '',
  seconds: 0,
  topics: [],
  from: [],
  to: [],
  rate: 0,
  records: 0,
  valueBytes: 200,
  keys: false,
  acks: 'all',
  idempotence: true,
  inFlight: 5,
  deliveryTimeoutMs: 120_000,
  requestTimeoutMs: 30_000,
  lingerMs: 5,
  compression: 'none',
  window: 200,
  stopOn: '',
  assign: false,
  group: '',
  isolation: 'read_committed',
  sessionTimeoutMs: 6000,
  commit: 'manual',
  handleMs: 0,
  handleMostMs: 0,
  maxPollRecords: 500,
  handed: false,
  ignoreRevocations: false,
  drain: false,
  transactionalId: '',
  abortOneIn: 32,
  batch: 100,
  members: 5,
  stayMs: 200,
  stayMostMs: 5000,
  deathOneIn: 3,
}

/** The command line is wrong; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const allowed: Partial<Record<keyof DriverOptions, readonly string[]>> = {
  acks: ['all', '1', '0'],
  isolation: ['read_committed', 'read_uncommitted'],
  commit: ['auto', 'manual', 'each', 'none'],
  compression: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
}

/** @throws UsageError */
export function parseOptions(args: readonly string[]): DriverOptions {
  const [role = '', ...rest] = args
  if (!roles.includes(role))
    throw new UsageError(`the role must be one of ${roles.join(', ')}, not "${role}"`)
  const given: Record<string, unknown> = { role }
  for (let at = 0; at < rest.length; ) {
    const flag = rest[at++] as string
    const name = flag.replace(/^--/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    const key = name as keyof DriverOptions
    if (!flag.startsWith('--') || !Object.hasOwn(defaults, key) || key === 'role')
      throw new UsageError(`unknown option ${flag}`)
    const next = rest[at]
    const isSwitch = typeof defaults[key] === 'boolean' && (next === undefined || next.startsWith('--'))
    if (!isSwitch && next === undefined) throw new UsageError(`${flag} needs a value`)
    given[key] = isSwitch ? true : parseValue(flag, key, rest[at++] as string)
  }
  const options = { ...defaults, ...given } as DriverOptions
  complain(options)
  return options
}

function parseValue(flag: string, key: keyof DriverOptions, text: string): unknown {
  const example = defaults[key]
  const choices = allowed[key]
  if (choices && !choices.includes(text))
    throw new UsageError(`${flag} must be one of ${choices.join(', ')}, not "${text}"`)
  if (Array.isArray(example)) return text.split(',').map((each) => parseTopic(flag, each))
  if (typeof example === 'number') {
    const number = Number(text)
    if (text === '' || !Number.isFinite(number) || number < 0)
      throw new UsageError(`${flag} needs a number, not "${text}"`)
    return number
  }
  if (typeof example === 'boolean') {
    if (text !== 'true' && text !== 'false')
      throw new UsageError(`${flag} must be true or false, not "${text}"`)
    return text === 'true'
  }
  return text
}

function parseTopic(flag: string, text: string): Topic {
  const [, name, partitions] = /^([a-zA-Z0-9._-]+):([1-9][0-9]*)$/.exec(text) ?? []
  if (name === undefined) throw new UsageError(`${flag} needs topic:partitions, not "${text}"`)
  return { name, partitions: Number(partitions) }
}

function complain(options: DriverOptions): void {
  const needed: (keyof DriverOptions)[] = ['bootstrapServers', 'run', 'who', 'history']
  if (options.role === 'copy') needed.push('from', 'to', 'group', 'transactionalId')
  else needed.push('topics')
  if (options.role === 'churn') needed.push('group')
  if (options.role === 'consume' && !options.assign && !options.drain) needed.push('group')
  for (const key of needed) {
    const value = options[key]
    if (value === '' || (Array.isArray(value) && value.length === 0))
      throw new UsageError(`${options.role} needs ${flagOf(key)}`)
  }
  if (!options.drain && options.seconds <= 0) throw new UsageError('--seconds must be more than 0')
  for (const key of ['run', 'who'] as const) {
    if (options[key].includes('|')) throw new UsageError(`${flagOf(key)} must not hold "|"`)
  }
}

/** The flag of an option. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** `topic-0` for every partition of the topics. */
export function partitionsOf(topics: readonly Topic[]): { tp: string; topic: string; partition: number }[] {
  return topics.flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({
      tp: `${name}-${partition}`,
      topic: name,
      partition,
    })),
  )
}
