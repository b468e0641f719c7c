/**
 * Settings that are no setting of the client at hand, but of the other one, or of another library. They are known so
 * that a refusal can say what to write. Names in camelCase.
 */

/** Settings that only the consumer has. */
export const CONSUMER_ONLY = [
  'autoCommitIntervalMs',
  'autoOffsetReset',
  'checkCrcs',
  'clientRack',
  'enableAutoCommit',
  'excludeInternalTopics',
  'fetchMaxBytes',
  'fetchMaxWaitMs',
  'fetchMinBytes',
  'groupId',
  'groupInstanceId',
  'groupProtocol',
  'heartbeatIntervalMs',
  'isolationLevel',
  'keyDeserializer',
  'maxPartitionFetchBytes',
  'maxDecompressedBatchBytes',
  'maxPollIntervalMs',
  'maxPollRecords',
  'partitionAssignmentStrategy',
  'queuedMaxBytes',
  'sessionTimeoutMs',
  'valueDeserializer',
] as const

/** Settings that only the producer has. */
export const PRODUCER_ONLY = [
  'acks',
  'batchSize',
  'bufferMemory',
  'compressionLevel',
  'compressionType',
  'deliveryTimeoutMs',
  'enableIdempotence',
  'keySerializer',
  'lingerMs',
  'maxBlockMs',
  'maxInFlightRequestsPerConnection',
  'maxRequestSize',
  'metadataMaxIdleMs',
  'partitioner',
  'partitionerAdaptivePartitioningEnable',
  'partitionerAvailabilityTimeoutMs',
  'partitionerIgnoreKeys',
  'retries',
  'transactionalId',
  'valueSerializer',
] as const

/** What other libraries call it, and what to do here. */
const OTHER_LIBRARIES: Readonly<Record<string, string>> = {
  // KafkaJS
  allowAutoTopicCreation: 'here it is allowAutoCreateTopics',
  authenticationTimeout: 'here it is socketConnectionSetupTimeoutMs',
  autoCommit: 'here it is enableAutoCommit',
  autoCommitInterval: 'here it is autoCommitIntervalMs',
  brokers: 'here it is bootstrapServers',
  compression: 'here it is compressionType',
  connectionTimeout: 'here it is socketConnectionSetupTimeoutMs',
  createPartitioner: 'here it is partitioner',
  fromBeginning: "here it is autoOffsetReset: 'earliest'",
  idempotent: 'here it is enableIdempotence',
  logCreator: 'the log is the second argument: { logger }',
  logLevel: 'the log is the second argument: { logger }',
  maxBytes: 'here it is fetchMaxBytes',
  maxBytesPerPartition: 'here it is maxPartitionFetchBytes',
  maxInFlightRequests: 'here it is maxInFlightRequestsPerConnection',
  maxWaitTimeInMs: 'here it is fetchMaxWaitMs',
  metadataMaxAge: 'here it is metadataMaxAgeMs',
  minBytes: 'here it is fetchMinBytes',
  partitionAssigners: 'here it is partitionAssignmentStrategy',
  rackId: 'here it is clientRack',
  readUncommitted: "here it is isolationLevel: 'read_uncommitted'",
  rebalanceTimeout: 'here it is maxPollIntervalMs',
  retry: 'here there are retryBackoffMs, retryBackoffMaxMs, and deliveryTimeoutMs as the limit of sending',
  sasl: 'SASL is not supported yet',
  topic: 'topics are named in subscribe, assign and send',
  topics: 'topics are named in subscribe, assign and send',
  // kafka-python
  apiVersion: 'leave it out: versions are agreed upon with each broker',
  consumerTimeoutMs: 'give the time to each call: next({ timeoutMs })',
  // librdkafka
  compressionCodec: 'here it is compressionType',
  deliveryReportOnlyError: 'leave it out: what send returns knows the outcome',
  messageMaxBytes: 'here it is maxRequestSize',
  messageTimeoutMs: 'here it is deliveryTimeoutMs',
  metadataBrokerList: 'here it is bootstrapServers',
  queueBufferingMaxMs: 'here it is lingerMs',
  requestRequiredAcks: 'here it is acks',
  socketTimeoutMs: 'here it is requestTimeoutMs',
}

/** What to do about a setting that the client at hand does not have; undefined for one that nobody has. */
export function remedyElsewhere(name: string): string | undefined {
  if (/^(key|value)Deserializer$/.test(name)) return `the producer has ${name.replace('Des', 'S')}`
  if (/^(key|value)Serializer$/.test(name)) return `the consumer has ${name.replace('S', 'Des')}`
  if (CONSUMER_ONLY.some((known) => known === name)) return 'it is a setting of the consumer'
  if (PRODUCER_ONLY.some((known) => known === name)) return 'it is a setting of the producer'
  if (/^sasl[A-Z]/.test(name)) return OTHER_LIBRARIES['sasl']
  if (/^ssl[A-Z]/.test(name)) return 'here TLS is ssl: { ca, cert, key, passphrase }, with PEM texts'
  return Object.hasOwn(OTHER_LIBRARIES, name) ? OTHER_LIBRARIES[name] : undefined
}
