import { randomInt } from 'node:crypto'
import type { Server } from 'node:net'
import { createServer } from 'node:net'

/**
 * Below the ports that Linux gives to connections (32768 to 60999): a node that comes back finds its port free, though
 * others have opened connections meanwhile.
 */
const LOWEST = 10_000
const HIGHEST = 32_000
const ATTEMPTS = 200

/** Ports in a row on loopback that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const first = randomInt(LOWEST, HIGHEST - count)
    const ports = Array.from({ length: count }, (_, index) => first + index)
    const servers = await Promise.all(ports.map(taken))
    const isFree = servers.every((server) => server !== undefined)
    await Promise.all(
      servers.map((server) => new Promise<void>((done) => server?.close(() => done()) ?? done())),
    )
    if (isFree) return ports
  }
  throw new Error(`no ${count} free ports in a row were found in ${ATTEMPTS} attempts`)
}

/** Listens on a port; undefined when somebody else does. */
function taken(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
