import type { Random } from './random.ts'
import type { Station } from './station.ts'
import type { Way } from './wire.ts'

/** A host by its name, or one port of it: `broker`, `broker:9092`. */
export type Place = string

/** How long it takes within a host. Milliseconds. */
const LOOPBACK_MS = 0.05
/** A parcel takes up to so much longer than usual; most take hardly any longer. */
const MOST_JITTER = 4
/** However slow a way is made, nothing takes longer; what should is a split. Milliseconds. */
const LONGEST_DELAY_MS = 3000

/** The ways between hosts: how long they take, which are slow, which are closed. */
export class Ways {
  readonly #random: Random
  readonly #delayMs: readonly [number, number]
  readonly #usualDelays = new Map<string, number>()
  readonly #slowness = new Map<string, number>()
  readonly #closed = new Set<string>()

  /** @param delayMs between which times the usual delay from one host to another is drawn */
  constructor(random: Random, delayMs: readonly [number, number]) {
    this.#random = random
    this.#delayMs = delayMs
  }

  close(from: Place, to: Place): void {
    this.#closed.add(`${from} > ${to}`)
  }

  open(from: Place, to: Place): void {
    this.#closed.delete(`${from} > ${to}`)
  }

  /** Opens all ways, and makes them as fast as they usually are. */
  openAll(): void {
    this.#closed.clear()
    this.#slowness.clear()
  }

  slow(from: string, to: string, factor: number): void {
    this.#slowness.set(`${from} > ${to}`, factor)
  }

  /** One direction of a connection that `server` listens for at `port`. */
  between(from: Station, to: Station, server: Station, port: number): Way {
    const places = (station: Station) =>
      station === server ? [station.name, `${station.name}:${port}`] : [station.name]
    const names = places(from).flatMap((start) => places(to).map((end) => `${start} > ${end}`))
    return {
      delayMs: () => (from === to ? LOOPBACK_MS : this.#delay(from.name, to.name)),
      isOpen: () => to.isUp && (from === to || !names.some((name) => this.#closed.has(name))),
    }
  }

  #delay(from: string, to: string): number {
    const name = `${from} > ${to}`
    let usual = this.#usualDelays.get(name)
    if (usual === undefined) {
      usual = this.#random.between(...this.#delayMs)
      this.#usualDelays.set(name, usual)
    }
    const slowness = this.#slowness.get(name) ?? 1
    return Math.min(LONGEST_DELAY_MS, usual * slowness * (1 + MOST_JITTER * this.#random.next() ** 4))
  }
}
