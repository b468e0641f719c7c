/**
 * What tests take away from the broker, to see that whatever judges it finds out. Not part of its interface: nothing but
 * the symbol leads here.
 */
export interface Weaknesses {
  /** A record counts as stored before it is on the medium. */
  readonly acknowledgesUnforced?: boolean
  /** After a crash a batch is taken for good whose checksum does not match. */
  readonly skipsChecksums?: boolean
  /** After a restart it is not known which batches producers have sent already. */
  readonly forgetsProducers?: boolean
}

/** Key among the settings of `startBroker`. */
const WEAKNESSES = Symbol.for('samsa.broker.weaknesses')
/** Key of a running broker under which tests find all it works on. */
const STATE = Symbol.for('samsa.broker.state')

export function weaknessesOf(settings: object): Weaknesses {
  return (settings as { [WEAKNESSES]?: Weaknesses })[WEAKNESSES] ?? {}
}

/** Hands weaknesses on to settings that were made from others. */
export function passOnWeaknesses(from: object, to: object): void {
  Object.assign(to, { [WEAKNESSES]: weaknessesOf(from) })
}

/** Lets tests look at the state of a broker. */
export function showState(broker: object, state: object): void {
  Object.defineProperty(broker, STATE, { value: state })
}
