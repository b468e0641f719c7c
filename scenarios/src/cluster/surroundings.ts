import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The top of the repository. */
export const repository = join(dirname(fileURLToPath(import.meta.url)), '../../..')

/** Where what was fetched is kept between runs; outside of git. */
export function cacheDirectory(): string {
  const directory = process.env['SAMSA_CACHE'] ?? join(repository, '.cache')
  mkdirSync(directory, { recursive: true })
  return directory
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
