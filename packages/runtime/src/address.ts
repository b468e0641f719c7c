/**
 * `host:port` as people write it and as settings take it: an IPv6 address stands in brackets. Source:
 * `Utils.formatAddress`, RFC 3986.
 */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
}

/** The host alone: `[::1]`, as addresses are written with a port, becomes `::1`, as it is dialled and listened on. */
export function bareHost(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}
