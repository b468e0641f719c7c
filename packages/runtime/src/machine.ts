/**
 * A protocol state machine: pure, synchronous, told the time. It is given events and answers with effects; it never
 * performs them. `wakeAt` says when it wants a `tick` even if nothing happens (monotonic ms; Infinity = never).
 */
export interface Machine<Event, Effect> {
  step(event: Event, now: number): readonly Effect[]
  readonly wakeAt: number
}
