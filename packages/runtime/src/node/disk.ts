import * as fs from 'node:fs'
import { dirname } from 'node:path'
import type { Disk, DiskFile } from '../runtime.ts'
import { DiskError } from '../runtime.ts'

/** The files of this machine. */
export const nodeDisk: Disk = {
  open: (path, options) => at(path, () => new File(path, options?.create ?? false)),
  list: (path) => missingAs(undefined, path, () => fs.readdirSync(path).sort()),
  makeDirectory: (path) => void at(path, () => fs.mkdirSync(path, { recursive: true })),
  exists: (path) => fs.existsSync(path),
  read: (path) => missingAs(undefined, path, () => fs.readFileSync(path)),
  replace: (path, bytes) =>
    at(path, () => {
      const beside = `${path}.tmp`
      const handle = fs.openSync(beside, 'w')
      try {
        fs.writeSync(handle, bytes)
        fs.fsyncSync(handle)
      } finally {
        fs.closeSync(handle)
      }
      fs.renameSync(beside, path)
      syncDirectory(dirname(path))
    }),
  rename: (from, to) => at(from, () => fs.renameSync(from, to)),
  remove: (path) => missingAs(undefined, path, () => fs.unlinkSync(path)),
  removeDirectory: (path) => at(path, () => fs.rmSync(path, { recursive: true, force: true })),
  syncDirectory: (path) => at(path, () => syncDirectory(path)),
  lock: (path) => at(path, () => lockDirectory(path)),
}

class File implements DiskFile {
  readonly #path: string
  readonly #handle: number
  #isOpen = true

  constructor(path: string, create: boolean) {
    this.#path = path
    this.#handle = fs.openSync(path, fs.constants.O_RDWR | (create ? fs.constants.O_CREAT : 0), 0o644)
  }

  size(): number {
    return at(this.#path, () => fs.fstatSync(this.#handle).size)
  }

  read(position: number, into: Uint8Array): number {
    return at(this.#path, () => {
      let done = 0
      while (done < into.length) {
        const read = fs.readSync(this.#handle, into, done, into.length - done, position + done)
        if (read === 0) break
        done += read
      }
      return done
    })
  }

  write(position: number, pieces: readonly Uint8Array[]): void {
    at(this.#path, () => {
      let to = position
      for (const piece of pieces) {
        for (let done = 0; done < piece.length; )
          done += fs.writeSync(this.#handle, piece, done, piece.length - done, to + done)
        to += piece.length
      }
    })
  }

  truncate(size: number): void {
    at(this.#path, () => fs.ftruncateSync(this.#handle, size))
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#handle, (error) => (error ? reject(diskError(this.#path, error)) : resolve()))
    })
  }

  syncNow(): void {
    at(this.#path, () => fs.fdatasyncSync(this.#handle))
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    at(this.#path, () => fs.closeSync(this.#handle))
  }
}

/** The file names its owner by process id and, where the system tells, start time, so that a recycled id is seen. */
function lockDirectory(directory: string): { release(): void } {
  const path = `${directory}/.lock`
  const mine = `${process.pid} ${startTime(process.pid) ?? ''}\n`
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      fs.writeFileSync(path, mine, { flag: 'wx' })
      return { release: () => fs.rmSync(path, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const [pid, started] = (missingAs(undefined, path, () => fs.readFileSync(path, 'utf8')) ?? '')
      .trim()
      .split(' ')
    if (isAlive(Number(pid), started)) {
      throw new DiskError(
        'ELOCKED',
        directory,
        `${directory} is in use by process ${pid}; stop it or use another directory`,
      )
    }
    fs.rmSync(path, { force: true })
  }
  throw new DiskError('ELOCKED', directory, `${directory} is being locked by another process`)
}

function isAlive(pid: number, started: string | undefined): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const now = startTime(pid)
  return !started || now === undefined || now === started
}

/** Field 22 of /proc/PID/stat; undefined where there is none. */
function startTime(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function syncDirectory(path: string): void {
  // Windows has no such call; its renames are durable by other means.
  if (process.platform === 'win32') return
  const handle = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(handle)
  } finally {
    fs.closeSync(handle)
  }
}

function at<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof DiskError ? error : diskError(path, error as NodeJS.ErrnoException)
  }
}

function missingAs<T, M>(missing: M, path: string, work: () => T): T | M {
  return at(path, () => {
    try {
      return work()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return missing
      throw error
    }
  })
}

function diskError(path: string, error: NodeJS.ErrnoException): DiskError {
  return new DiskError(error.code ?? '', path, `${path}: ${error.message}`, { cause: error })
}
