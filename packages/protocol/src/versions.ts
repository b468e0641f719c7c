import { UnsupportedVersionError } from './errors/kafka-error.ts'
import { looksLike, type VersionRange } from './releases.ts'
import type { Api } from './schema/schema.ts'

/**
 * The newest version of an API that both sides speak.
 * @param ranges what the broker advertises, by API key
 * @param broker how to name the broker in the error
 * @param cap the newest version the caller wants, when it has reasons of its own
 * @throws UnsupportedVersionError that names the API, both ranges and the broker when there is none.
 */
export function negotiate(
  api: Api,
  ranges: ReadonlyMap<number, VersionRange>,
  broker: string,
  cap: number = api.maxVersion,
): number {
  const range = ranges.get(api.key)
  if (!range) {
    const what = `${broker}, which looks like ${looksLike(ranges)}, does not offer ${api.name} (API key ${api.key})`
    throw new UnsupportedVersionError(what, api.name).meantFor(broker)
  }
  const version = Math.min(api.maxVersion, range.maxVersion, cap)
  if (version >= Math.max(api.minVersion, range.minVersion)) return version
  const what =
    `${broker}, which looks like ${looksLike(ranges)}, speaks ${api.name} ${range.minVersion} to ${range.maxVersion}, ` +
    `this client ${api.minVersion} to ${Math.min(cap, api.maxVersion)}: there is no common version`
  throw new UnsupportedVersionError(what, api.name).meantFor(broker)
}
