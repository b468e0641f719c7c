/** What a broker says it speaks of one API (ApiVersions response). */
export interface VersionRange {
  minVersion: number
  maxVersion: number
}

/** What tells a release from the one before it: its brokers are the first that speak this version of this API. */
interface Mark {
  readonly release: string
  readonly apiKey: number
  readonly version: number
}

/**
 * In the order of the releases. Only APIs that clients use: what brokers speak with one another depends on whether the
 * cluster has ZooKeeper. Nothing of that kind changed in 3.4. Source: what brokers of each release answer to ApiVersions.
 */
const marks: readonly Mark[] = [
  { release: '2.1', apiKey: 1, version: 10 }, // Fetch
  { release: '2.2', apiKey: 2, version: 5 }, // ListOffsets
  { release: '2.3', apiKey: 1, version: 11 }, // Fetch
  { release: '2.4', apiKey: 3, version: 9 }, // Metadata
  { release: '2.5', apiKey: 9, version: 7 }, // OffsetFetch
  { release: '2.6', apiKey: 16, version: 4 }, // ListGroups
  { release: '2.7', apiKey: 1, version: 12 }, // Fetch
  { release: '2.8', apiKey: 0, version: 9 }, // Produce
  { release: '3.0', apiKey: 2, version: 7 }, // ListOffsets
  { release: '3.1', apiKey: 1, version: 13 }, // Fetch
  { release: '3.2', apiKey: 11, version: 9 }, // JoinGroup
  { release: '3.3 or 3.4', apiKey: 29, version: 3 }, // DescribeAcls
  { release: '3.5', apiKey: 1, version: 15 }, // Fetch
  { release: '3.6', apiKey: 24, version: 4 }, // AddPartitionsToTxn
  { release: '3.7', apiKey: 0, version: 10 }, // Produce
  { release: '3.8', apiKey: 0, version: 11 }, // Produce
  { release: '3.9', apiKey: 1, version: 17 }, // Fetch
  { release: '4.0', apiKey: 3, version: 13 }, // Metadata
  { release: '4.1', apiKey: 0, version: 13 }, // Produce
  { release: '4.2', apiKey: 2, version: 11 }, // ListOffsets
  { release: '4.3', apiKey: 35, version: 5 }, // DescribeLogDirs
]

/**
 * Which release of Kafka a broker looks like, for people: `Kafka 3.7`, `Kafka 4.3 or newer`, `something older than Kafka
 * 2.1`.
 * It is the newest release whose marks, and those of all before, are there; brokers of other makers speak what they
 * like. What a broker can do is said by its ranges alone, never by this.
 * @param ranges what the broker advertises, by API key
 */
export function looksLike(ranges: ReadonlyMap<number, VersionRange>): string {
  const missing = marks.findIndex(
    ({ apiKey, version }) => !((ranges.get(apiKey)?.maxVersion ?? -1) >= version),
  )
  const newest = marks[marks.length - 1] as Mark
  if (missing === 0) return `something older than Kafka ${(marks[0] as Mark).release}`
  if (missing < 0) return `Kafka ${newest.release} or newer`
  return `Kafka ${(marks[missing - 1] as Mark).release}`
}
