/** How a send ended, as far as its client tells. */
export interface Settlement {
  /** Of the stored record; left out when the client does not say. */
  off?: number
  /** Kafka's name of the error, or how the answer was missed; left out when it was acknowledged. */
  code?: string
  /** The client says that the record never left it. */
  isUnsent?: boolean
}

export type Outcome = 'ok' | 'fail' | 'unk'

/**
 * Refusals that the same bytes get each time. A client tells its last attempt only; with one of these the earlier ones,
 * answered or not, cannot have stored the record either. After any other error they may have.
 */
const certain: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_REQUIRED_ACKS',
  'INVALID_TOPIC_EXCEPTION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'UNSUPPORTED_COMPRESSION_TYPE',
])

/** The end of a `send` in the history. Attempts that the client keeps to itself are `NOT_TOLD`. */
export function endOfSend({ off, code, isUnsent }: Settlement): {
  r: Outcome
  off?: number
  attempts?: string[]
} {
  if (code === undefined) return off === undefined || off < 0 ? { r: 'ok' } : { r: 'ok', off }
  if (isUnsent) return { r: 'fail', attempts: ['NOT_SENT'] }
  if (certain.has(code)) return { r: 'fail', attempts: [code] }
  return { r: 'unk', attempts: ['NOT_TOLD', code] }
}
