import type { Disk } from '@samsa/runtime'
import { DiskError } from '@samsa/runtime'

/**
 * Makes the data directory and locks it for this process.
 *
 * A file is on the medium only when every name on the way to it is: without that, a power cut takes a directory that
 * was made with `mkdir` away, with everything that was forced inside of it.
 * @throws DiskError ELOCKED while another process has it
 */
export function takeDataDirectory(disk: Disk, path: string): { release(): void } {
  disk.makeDirectory(path)
  const lock = disk.lock(path)
  for (const above of directoriesAbove(path)) forceIfReadable(disk, above)
  return lock
}

/** `/var/lib/samsa` gives `/var/lib`, `/var`, `/`; a relative path ends at `.`. */
function directoriesAbove(path: string): string[] {
  const found: string[] = []
  for (let at = path.lastIndexOf('/'); at >= 0; at = path.lastIndexOf('/', at - 1)) {
    found.push(path.slice(0, Math.max(1, at)))
    if (at === 0) break
  }
  if (!path.startsWith('/')) found.push('.')
  return found
}

/** A directory that may not be read was not made by this process, so its names were there before. */
function forceIfReadable(disk: Disk, path: string): void {
  try {
    disk.syncDirectory(path)
  } catch (error) {
    if (error instanceof DiskError && (error.code === 'EACCES' || error.code === 'EPERM')) return
    throw error
  }
}
