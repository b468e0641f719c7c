/**
 * How long each broker has had something to send that it could not be sent. Source: KIP-794,
 * `RecordAccumulator.updateNodeLatencyStats`.
 */
export class NodeLatency {
  readonly #nodes = new Map<number, { readyAt: number; sentAt: number }>()

  /** There was something to send to a broker; `isSent` says whether it could be. */
  looked(node: number, isSent: boolean, now: number): void {
    const known = this.#nodes.get(node)
    if (!known) this.#nodes.set(node, { readyAt: now, sentAt: now })
    else {
      known.readyAt = now
      if (isSent) known.sentAt = now
    }
  }

  /** Whether a broker could not be sent to for longer than that. Milliseconds. */
  isSlow(node: number, timeoutMs: number): boolean {
    const known = this.#nodes.get(node)
    return known !== undefined && known.readyAt - known.sentAt > timeoutMs
  }
}
