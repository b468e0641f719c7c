/** A host as the network knows it. */
export interface Station {
  readonly name: string
  readonly address: string
  /** False while the host is down: what is sent to it waits, as for a machine that boots. */
  isUp: boolean
}

/** A running program of a host. */
export interface Program {
  readonly station: Station
  /** False once it was killed: nothing happens in it or is told to it any more. */
  isAlive: boolean
  /** A time of the world before which it stands still, or is at work without a turn of its event loop. */
  readonly stillUntil: number
}
