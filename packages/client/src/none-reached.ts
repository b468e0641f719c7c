import { AuthenticationError, ConnectionError } from './errors.ts'

/**
 * One error for all brokers that could not be reached: the only one as it is, several with a line for each.
 * @param what how the message begins
 */
export function noneReached(what: string, failures: readonly Error[]): Error {
  const [first] = failures
  const cause = failures.at(-1)
  if (first && failures.length === 1) return first
  const message = `${what}:${failures.map((failure) => `\n  - ${failure.message}`).join('')}`
  // Where everybody refuses who we are, trying again cannot help.
  if (failures.every((failure) => failure instanceof AuthenticationError))
    return new AuthenticationError(message, { cause })
  const addresses = failures.flatMap((failure) =>
    failure instanceof ConnectionError ? [failure.address] : [],
  )
  return new ConnectionError(message, addresses.join(','), false, { cause })
}
