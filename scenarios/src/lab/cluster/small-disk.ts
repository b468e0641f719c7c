import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atTheEnd } from './at-the-end.ts'
import { NotPossible } from './controlled-cluster.ts'

const MOUNT_LIMIT_MS = 10_000
/** Of a page, below which nothing more fits. */
const PAGE_BYTES = 4096
const CHUNK_BYTES = 1024 * 1024

/** A disk of limited size, in memory, for which root is needed. */
export class SmallDisk {
  readonly directory: string
  readonly #filler: string
  readonly #forget: () => void

  /**
   * @param megabytes its size, in MiB
   * @throws NotPossible where mounting is not permitted
   */
  constructor(megabytes: number) {
    this.directory = mkdtempSync(join(tmpdir(), 'samsa-disk-'))
    this.#filler = join(this.directory, 'filler')
    const args = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'samsa-disk', this.directory]
    const mounted = spawnSync('mount', args, { encoding: 'utf8', timeout: MOUNT_LIMIT_MS })
    if (mounted.status !== 0) {
      rmdirSync(this.directory)
      const why = mounted.error?.message ?? mounted.stderr.trim()
      throw new NotPossible(`a disk of limited size cannot be mounted: ${why}`)
    }
    this.#forget = atTheEnd(() => this.#unmount())
  }

  /** Bytes that can still be written. */
  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.directory)
    return bavail * bsize
  }

  /** Takes all the room that is left. */
  fill(): void {
    const file = openSync(this.#filler, 'a')
    try {
      for (let bytes = CHUNK_BYTES; bytes >= PAGE_BYTES; bytes /= 2) writeAll(file, Buffer.alloc(bytes))
    } finally {
      closeSync(file)
    }
  }

  /** Gives the room back that `fill` took. */
  free(): void {
    rmSync(this.#filler, { force: true })
  }

  unmount(): void {
    this.#forget()
    this.#unmount()
  }

  /** Lazily: a process that was just killed may still hold it. */
  #unmount(): void {
    const args = ['--lazy', this.directory]
    const unmounted = spawnSync('umount', args, { encoding: 'utf8', timeout: MOUNT_LIMIT_MS })
    if (unmounted.status !== 0) {
      throw new Error(
        `${this.directory} cannot be unmounted: ${unmounted.error?.message ?? unmounted.stderr}`,
      )
    }
    rmdirSync(this.directory)
  }
}

/** Writes the same again and again until it does not fit. */
function writeAll(file: number, bytes: Buffer): void {
  try {
    while (writeSync(file, bytes) === bytes.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
