import * as declared from '../apis/index.ts'
import type { Api } from '../schema/schema.ts'

const all = (Object.values(declared) as unknown[]).filter(isApi)
const byKey = new Map(all.map((api) => [api.key, api]))
const byName = new Map(all.map((api) => [api.name.toLowerCase(), api]))

/** The API with this key; undefined when this version does not know it. */
export function apiOf(key: number): Api | undefined {
  return byKey.get(key)
}

/** The API with Kafka's name, e.g. `Metadata`, in any case; undefined when this version does not know it. */
export function apiNamed(name: string): Api | undefined {
  return byName.get(name.toLowerCase())
}

/** Every API of this package, in the order of their keys. */
export const knownApis: readonly Api[] = all.toSorted((a, b) => a.key - b.key)

function isApi(value: unknown): value is Api {
  return typeof value === 'object' && value !== null && 'request' in value && 'response' in value
}
