import type { Api, Request, Response } from '@samsa/protocol'
import { ApiVersions, decodeResponse, errorOf, KafkaError, negotiate } from '@samsa/protocol'
import { Asker } from '../../wire/asker.ts'
import { delay } from './surroundings.ts'

const HOST = '127.0.0.1'
/** How long all attempts together may take, and one of them. */
const ASK_LIMIT_MS = 30_000
const ATTEMPT_LIMIT_MS = 10_000
const PAUSE_MS = 100
/** What the first question is asked in: every broker since 0.10 speaks it. */
const FIRST_VERSION = 0

interface Place {
  readonly id: number
  readonly port: number
}

interface AskOptions {
  /** The only node that is asked. Left out: any that is up; Kafka's pass on what is the controller's. */
  readonly node?: number
  /** Names of errors that are as good as success. */
  readonly accept?: readonly string[]
  readonly limitMs?: number
}

/** An error that an answer holds. */
interface Refusal {
  readonly name: string
  readonly message: string
  readonly retriable: boolean
}

/**
 * Asks a cluster for things, each over a connection of its own, since nodes come and go. What can succeed later is
 * asked again, elsewhere if possible, until the time is over.
 */
export class Admin {
  readonly #reachable: () => readonly Place[]
  #turn = 0

  /** @param reachable the nodes that it makes sense to ask now */
  constructor(reachable: () => readonly Place[]) {
    this.#reachable = reachable
  }

  /**
   * @throws KafkaError with Kafka's name for what was refused; REQUEST_TIMED_OUT, with the last failure in its message,
   * when the time is over
   */
  async ask<A extends Api>(api: A, body: Request<A>, options: AskOptions = {}): Promise<Response<A>> {
    const { node, accept = [], limitMs = ASK_LIMIT_MS } = options
    const deadline = performance.now() + limitMs
    let last = 'no node is up'
    for (;;) {
      const left = deadline - performance.now()
      if (left <= 0) {
        throw new KafkaError('REQUEST_TIMED_OUT', `${api.name} did not succeed in ${limitMs} ms: ${last}`)
      }
      const place = this.#next(node)
      try {
        if (place) {
          const answer = await askOnce(place, api, body, Math.min(left, ATTEMPT_LIMIT_MS))
          const refusal = refusalsIn(answer).find(({ name }) => !accept.includes(name))
          if (!refusal) return answer
          if (!refusal.retriable) throw new KafkaError(refusal.name, `${api.name}: ${refusal.message}`)
          last = refusal.message
        }
      } catch (error) {
        if (error instanceof KafkaError) throw error
        last = `${place ? `node ${place.id}: ` : ''}${(error as Error).message}`
      }
      await delay(PAUSE_MS)
    }
  }

  #next(node: number | undefined): Place | undefined {
    const places = this.#reachable().filter(({ id }) => node === undefined || id === node)
    return places[this.#turn++ % Math.max(1, places.length)]
  }
}

async function askOnce<A extends Api>(
  { id, port }: Place,
  api: A,
  body: Request<A>,
  limitMs: number,
): Promise<Response<A>> {
  const asker = await Asker.dial(HOST, port, 'cluster-control')
  try {
    const told = await asker.ask(ApiVersions, FIRST_VERSION, {}, limitMs)
    const { apiKeys } = decodeResponse(ApiVersions, FIRST_VERSION, told)
    const version = negotiate(api, new Map(apiKeys.map((range) => [range.apiKey, range])), `node ${id}`)
    return decodeResponse(api, version, await asker.ask(api, version, body, limitMs))
  } finally {
    asker.close()
  }
}

/** The errors that an answer holds, at any depth. */
function refusalsIn(answer: unknown): Refusal[] {
  if (answer === null || typeof answer !== 'object' || ArrayBuffer.isView(answer)) return []
  const found: Refusal[] = []
  const { errorCode, errorMessage } = answer as { errorCode?: unknown; errorMessage?: unknown }
  if (typeof errorCode === 'number' && errorCode !== 0) {
    const { name, retriable } = errorOf(errorCode)
    found.push({
      name,
      retriable,
      message: typeof errorMessage === 'string' ? `${name}: ${errorMessage}` : name,
    })
  }
  for (const content of Object.values(answer)) found.push(...refusalsIn(content))
  return found
}
