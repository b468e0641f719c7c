import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The top of the repository. */
export const repository = join(dirname(fileURLToPath(import.meta.url)), '../../../..')

/** Where what was fetched is kept between runs; outside of git. */
export function cacheDirectory(): string {
  const directory = process.env['SAMSA_CACHE'] ?? join(repository, '.cache')
  mkdirSync(directory, { recursive: true })
  return directory
}

/** Resolves after a while, or when the signal comes; at once when it has come already. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}
