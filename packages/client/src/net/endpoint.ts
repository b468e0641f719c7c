import { formatAddress } from '@samsa/runtime'

/** A broker as metadata names it. */
export interface Broker {
  id: number
  host: string
  port: number
  rack: string | null
}

/** A broker as it is to be dialled. */
export interface Endpoint {
  /** Broker id; negative for a bootstrap address whose id is not known. */
  node: number
  host: string
  port: number
  /** Who told us of this address, as named in messages; undefined for a bootstrap address. */
  advertisedBy: string | undefined
}

/** How a broker is named in messages. */
export function brokerName({ node, host, port }: Endpoint): string {
  const address = formatAddress(host, port)
  return node >= 0 ? `broker ${node} at ${address}` : `the bootstrap server ${address}`
}
