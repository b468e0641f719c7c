import { KafkaError, nearestName } from '@samsa/protocol'
import { bareHost } from '@samsa/runtime'
import { passOnWeaknesses } from './weaknesses.ts'

/** Settings of the broker; names are Kafka's in camelCase. */
export interface BrokerSettings {
  /** Address to listen on; clients are sent to it too, unless `advertisedHost` is given. Default 127.0.0.1. */
  host: string
  /**
   * Host name or address that clients are sent to (the host of `advertised.listeners`). Needed where they reach the
   * broker under another name than it listens on; `host: '0.0.0.0'` cannot do without. Default: `host`.
   */
  advertisedHost: string | undefined
  /** 0: any free port. With several nodes, the first of as many ports in a row. Default 0. */
  port: number
  /** How many nodes: listeners of one process, with the leaders spread over them. Default 1. */
  brokers: number
  /** Where records are kept; without it everything is in memory. */
  dataDirectory: string | undefined
  /** `num.partitions`: of a topic that is created without a number. Default 1. */
  numPartitions: number
  /** `auto.create.topics.enable`. Default true. */
  autoCreateTopicsEnable: boolean
  /** `message.max.bytes`. Default 1048588. */
  messageMaxBytes: number
  /** `log.segment.bytes`. Default 1 GiB. */
  logSegmentBytes: number
  /** `fetch.max.bytes`. Default 57671680. */
  fetchMaxBytes: number
  /** `socket.request.max.bytes`: a larger request closes its connection. Default 100 MiB. */
  socketRequestMaxBytes: number
  /** `connections.max.idle.ms`. Default 10 minutes. */
  connectionsMaxIdleMs: number
  /** `group.initial.rebalance.delay.ms`. Default 0: one machine has nobody to wait for. */
  groupInitialRebalanceDelayMs: number
  groupMinSessionTimeoutMs: number
  groupMaxSessionTimeoutMs: number
  groupMaxSize: number
  /** `offset.metadata.max.bytes`. Default 4096. */
  offsetMetadataMaxBytes: number
}

const defaults: BrokerSettings = {
  host: '127.0.0.1',
  advertisedHost: undefined,
  port: 0,
  brokers: 1,
  dataDirectory: undefined,
  numPartitions: 1,
  autoCreateTopicsEnable: true,
  messageMaxBytes: 1_048_588,
  logSegmentBytes: 1_073_741_824,
  fetchMaxBytes: 57_671_680,
  socketRequestMaxBytes: 104_857_600,
  connectionsMaxIdleMs: 600_000,
  groupInitialRebalanceDelayMs: 0,
  groupMinSessionTimeoutMs: 100,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupMaxSize: 2 ** 31 - 1,
  offsetMetadataMaxBytes: 4096,
}

const MOST_PORTS = 65535
const bounds: Partial<Record<keyof BrokerSettings, readonly [number, number]>> = {
  port: [0, MOST_PORTS],
  brokers: [1, 100],
  numPartitions: [1, 100_000],
}

/**
 * Fills in the defaults and checks what was given.
 * @throws KafkaError CONFIG that names the setting, the rule and what is known
 */
export function brokerSettings(given: Partial<BrokerSettings>): BrokerSettings {
  const settings: Record<string, unknown> = { ...defaults }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name)) {
      const nearest = nearestName(name, Object.keys(defaults))
      const hint = nearest ? `did you mean ${nearest}?` : `known are ${Object.keys(defaults).join(', ')}`
      throw new KafkaError('CONFIG', `startBroker: unknown setting ${name}; ${hint}`)
    }
    if (value === undefined) continue
    check(name as keyof BrokerSettings, value)
    settings[name] = name === 'host' || name === 'advertisedHost' ? bareHost(value as string) : value
  }
  checkAdvertised(settings as unknown as BrokerSettings)
  checkTogether(settings as unknown as BrokerSettings)
  passOnWeaknesses(given, settings)
  return settings as unknown as BrokerSettings
}

/** Clients cannot connect to "every address of this machine". Kafka refuses it too (`KafkaConfig.validateValues`). */
function checkAdvertised({ host, advertisedHost = host }: BrokerSettings): void {
  if (!['0.0.0.0', '::'].includes(advertisedHost)) return
  throw new KafkaError(
    'CONFIG',
    `startBroker: ${advertisedHost} means every address of this machine, which clients cannot connect to; ` +
      "set advertisedHost to the name or address under which they reach it, e.g. 'localhost'",
  )
}

/** What is right by itself and wrong together. */
function checkTogether(settings: BrokerSettings): void {
  const { port, brokers, groupMinSessionTimeoutMs: least, groupMaxSessionTimeoutMs: most } = settings
  if (port !== 0 && port + brokers - 1 > MOST_PORTS) {
    throw new KafkaError(
      'CONFIG',
      `startBroker: from port ${port} on there are no ${brokers} ports in a row, the last is ${MOST_PORTS}`,
    )
  }
  if (least > most) {
    throw new KafkaError(
      'CONFIG',
      `startBroker: groupMinSessionTimeoutMs ${least} is more than groupMaxSessionTimeoutMs ${most}`,
    )
  }
}

function check(name: keyof BrokerSettings, value: unknown): void {
  const example = defaults[name]
  if (name === 'dataDirectory' || name === 'host' || name === 'advertisedHost') {
    if (typeof value === 'string' && value !== '') return
    throw new KafkaError('CONFIG', `startBroker: ${name} must be text`)
  }
  if (typeof example === 'boolean') {
    if (typeof value === 'boolean') return
    throw new KafkaError('CONFIG', `startBroker: ${name} must be true or false`)
  }
  const [min, max] = bounds[name] ?? [0, Number.MAX_SAFE_INTEGER]
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return
  throw new KafkaError(
    'CONFIG',
    `startBroker: ${name} must be a whole number from ${min} to ${max}, not ${value}`,
  )
}
