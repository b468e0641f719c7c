import type { KafkaError } from '@samsa/protocol'
import { bareHost, formatAddress, NetworkError } from '@samsa/runtime'
import { AuthenticationError, ConfigError, ConnectionError } from '../errors.ts'
import type { Endpoint } from './endpoint.ts'

/** What the system's code says about a connection that could not be opened. */
const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it hung up',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ENOTFOUND: 'the host name is not known',
  ETIMEDOUT: 'it did not answer in time',
}

/** What TLS found wrong for good, with what to change; `node:tls` gives the codes of OpenSSL. */
const tlsFaults: readonly (readonly [codes: RegExp, fault: string])[] = [
  [
    /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE/,
    'nobody who is trusted here has signed its certificate; give the certificate of its authority as ssl.ca',
  ],
  [/ALTNAME_INVALID/, 'its certificate is for other names; connect by one of them, or set ssl.servername'],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, 'its certificate is not valid at this time; renew it'],
  [
    /EPROTO|WRONG_VERSION_NUMBER|PACKET_LENGTH|RECORD_LAYER|HTTP_REQUEST/,
    "the port does not speak TLS; use securityProtocol: 'PLAINTEXT', or the broker's TLS port",
  ],
  [
    /OSSL|KEY_VALUES_MISMATCH/,
    'ssl.cert and ssl.key cannot be used, alone or together; check the files they come from',
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
    'it speaks only a version of TLS that is not safe any more; raise its version',
  ],
  [/ALERT/, 'it refuses us; it may want a client certificate: ssl.cert and ssl.key'],
]

/**
 * Why a broker could not be reached, with what to change.
 * @param broker how it is named in messages
 * @param failures of each address that its host name has, in the order in which they were tried
 */
export function unreachable(endpoint: Endpoint, broker: string, failures: readonly unknown[]): KafkaError {
  const address = formatAddress(endpoint.host, endpoint.port)
  const cause = failures.at(-1)
  const network = cause instanceof NetworkError ? cause : undefined
  if (network?.stage === 'handshake') return tlsFailed(broker, address, network)
  const why = network ? meaningOf(network) : 'there was no time left to try'
  const codes = failures.map((failure) => codeOf(failure, endpoint)).filter((code) => code !== '')
  const what = `cannot reach ${broker}: ${why}${codes.length > 0 ? ` (${codes.join(', ')})` : ''}`
  const remedy =
    endpoint.advertisedBy === undefined
      ? '; check bootstrapServers'
      : `. ${capital(endpoint.advertisedBy)} answered and advertised this address: make it reachable from here, ` +
        "or correct the broker's advertised.listeners"
  return new ConnectionError(what + remedy, address, false, { cause })
}

function tlsFailed(broker: string, address: string, cause: NetworkError): KafkaError {
  const { code } = cause
  // It may be a broker that is just going down, so it is tried again.
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === '') {
    return new ConnectionError(
      `${broker} closed the connection during the TLS handshake${code && ` (${code})`}; if the port does not speak TLS, ` +
        "set securityProtocol: 'PLAINTEXT'",
      address,
      false,
      { cause },
    )
  }
  const fault = tlsFaults.find(([codes]) => codes.test(code))?.[1] ?? 'check the ssl settings'
  // OpenSSL's own words name lines of its source; what is found in a certificate is said well.
  const detail = /^E(PROTO|RR_O?SSL_)/.test(code) ? '' : `: ${wordsOf(cause)}`
  return new AuthenticationError(`TLS with ${broker} failed: ${fault} (${code}${detail})`, { cause })
}

/** What was found, without the address in front and without the advice that newer Nodes put behind it. */
function wordsOf({ message }: NetworkError): string {
  return message.replace(/^\S+: /, '').replace(/; if the root CA is installed locally.*$/, '')
}

function meaningOf({ stage, code, message }: NetworkError): string {
  if (stage === 'timeout') return `${message}, which socketConnectionSetupTimeoutMs sets`
  return meanings[code] ?? message
}

/** The code of one address's failure, with the address where a name may have several. */
function codeOf(failure: unknown, endpoint: Endpoint): string {
  if (!(failure instanceof NetworkError) || failure.code === '') return ''
  const tried = bareHost(failure.address.replace(/:\d+$/, ''))
  return tried === endpoint.host ? failure.code : `${failure.code} at ${tried}`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/**
 * One error for all brokers that could not be reached: the only one as it is, several with a line for each.
 * @param what how the message begins
 */
export function noneReached(failures: readonly Error[], what = 'no broker can be reached'): Error {
  const [first] = failures
  const cause = failures.at(-1)
  if (first && failures.length === 1) return first
  const message = `${what}:${failures.map((failure) => `\n  - ${failure.message}`).join('')}`
  // Where everybody refuses who we are, trying again cannot help.
  if (failures.every((failure) => failure instanceof AuthenticationError))
    return new AuthenticationError(message, { cause })
  // Where every address is one that no broker can be at, neither can it.
  if (failures.every((failure) => failure instanceof ConfigError))
    return new ConfigError('bootstrapServers', undefined, message)
  const addresses = failures.flatMap((failure) =>
    failure instanceof ConnectionError ? [failure.address] : [],
  )
  return new ConnectionError(message, addresses.join(','), false, { cause })
}
