import type { Api, Received, Reply } from '@samsa/protocol'
import { errorNamed } from '@samsa/protocol'
import type { BrokerState } from '../state.ts'

/** What a handler knows of the request besides its body. */
export interface RequestContext {
  state: BrokerState
  /** The node that the connection came in on. */
  node: number
  version: number
  clientId: string
  /** As Kafka shows it: `/127.0.0.1`. */
  clientHost: string
  /** Aborted when the connection ends: whoever waits should stop. */
  gone: AbortSignal
}

export interface Handler<A extends Api = Api> {
  readonly api: A
  /** What ApiVersions advertises. */
  readonly minVersion: number
  readonly maxVersion: number
  /** undefined: this request has no answer. */
  handle(body: Received<A>, context: RequestContext): Reply<A> | undefined | Promise<Reply<A> | undefined>
}

/** One file an API makes its handler with this; types follow from the declaration. */
export function handler<A extends Api>(
  api: A,
  handle: (
    body: Received<A>,
    context: RequestContext,
  ) => Reply<A> | undefined | Promise<Reply<A> | undefined>,
): Handler {
  return { api, minVersion: api.minVersion, maxVersion: api.maxVersion, handle: handle as never }
}

/** Number of one of Kafka's errors by its name. */
export function code(name: string): number {
  const known = errorNamed(name)
  if (!known) throw new Error(`there is no error ${name}`)
  return known.code
}

/** What a request names more than once. */
export function duplicates<T>(named: readonly T[]): Set<T> {
  const seen = new Set<T>()
  return new Set(named.filter((each) => seen.has(each) || !seen.add(each)))
}
