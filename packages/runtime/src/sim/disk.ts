import type { Disk, DiskFile } from '../runtime.ts'
import { DiskError } from '../runtime.ts'
import type { FileContent } from './file.ts'
import { FileTree, systemError } from './file-tree.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Program } from './station.ts'
import type { Trace } from './trace.ts'

/** How the disk behaves. */
export interface DiskSettings {
  /** Between which times (ms) forcing a file takes. */
  readonly syncMs: readonly [number, number]
  /** How likely forcing takes a hundred times as long, as disks that share do now and then. */
  readonly stallChance: number
}

export const diskDefaults: DiskSettings = { syncMs: [0.1, 3], stallChance: 0.01 }

const STALL_FACTOR = 100

/** The disk of one host; it outlives the host's processes. */
export class SimDisk {
  readonly #tree = new FileTree()
  readonly #owners = new Map<number, Program>()
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #trace: Trace
  readonly #settings: DiskSettings
  /** How likely a read gives a bit that is not the one on the medium. */
  damageChance = 0

  constructor(scheduler: Scheduler, random: Random, trace: Trace, settings: DiskSettings) {
    this.#scheduler = scheduler
    this.#random = random
    this.#trace = trace
    this.#settings = settings
  }

  /** The power was cut: what was not forced may be gone. */
  forget(): void {
    this.#tree.forget(this.#random)
  }

  /** The disk as one program uses it. */
  mount(program: Program, programId: number): Disk {
    this.#owners.set(programId, program)
    const tree = this.#tree
    const open = (path: string, create: boolean) =>
      new OpenFile(path, tree.file(path, create), {
        sync: (file) => this.#sync(program, path, file),
        onRead: (bytes) => this.#damage(program, path, bytes),
      })
    const disk: Disk = {
      open: (path, options) => open(path, options?.create ?? false),
      list: (path) => tree.list(path),
      makeDirectory: (path) => tree.makeDirectory(path),
      exists: (path) => tree.exists(path),
      read: (path) => {
        if (!tree.exists(path)) return undefined
        const file = tree.file(path, false)
        const bytes = Buffer.alloc(file.size)
        file.read(0, bytes)
        return bytes
      },
      // The same steps as the real one takes, one by one.
      replace: (path, bytes) => {
        const beside = open(`${path}.tmp`, true)
        beside.truncate(0)
        beside.write(0, [bytes])
        beside.syncNow()
        beside.close()
        tree.rename(`${path}.tmp`, path)
        tree.force(parentOf(path))
      },
      rename: (from, to) => tree.rename(from, to),
      remove: (path) => tree.remove(path),
      removeDirectory: (path) => tree.removeAll(path),
      syncDirectory: (path) => tree.force(path),
      lock: (path) => this.#lock(disk, path, programId),
    }
    return disk
  }

  #damage(program: Program, path: string, bytes: Uint8Array): void {
    if (this.damageChance === 0 || bytes.length === 0 || !this.#random.chance(this.damageChance)) return
    const at = this.#random.whole(0, bytes.length - 1)
    bytes[at] = (bytes[at] as number) ^ (1 << this.#random.whole(0, 7))
    this.#trace.note(this.#scheduler.now, 'damage', program.station.name, `${path} ${at}`)
  }

  /** What was written until now is on the medium when the promise resolves; nothing is told to a dead program. */
  #sync(program: Program, path: string, file: FileContent): Promise<void> {
    const until = file.changes
    const { syncMs, stallChance } = this.#settings
    const factor = this.#random.chance(stallChance) ? STALL_FACTOR : 1
    return new Promise((resolve) => {
      this.#scheduler.after(factor * this.#random.between(...syncMs), () => {
        if (!program.isAlive) return
        this.#trace.note(this.#scheduler.now, 'sync', program.station.name, path)
        file.force(until)
        resolve()
      })
    })
  }

  #lock(disk: Disk, directory: string, programId: number): { release(): void } {
    const path = `${directory}/.lock`
    const owner = Number(Buffer.from(disk.read(path) ?? []).toString('utf8'))
    if (this.#owners.get(owner)?.isAlive) {
      const why = `${directory} is in use by process ${owner}; stop it or use another directory`
      throw new DiskError('ELOCKED', directory, why)
    }
    const file = disk.open(path, { create: true })
    file.truncate(0)
    file.write(0, [Buffer.from(`${programId}\n`)])
    file.close()
    return { release: () => disk.remove(path) }
  }
}

/** What an open file asks its disk for. */
interface Medium {
  readonly sync: (file: FileContent) => Promise<void>
  /** May change what was read. */
  readonly onRead: (bytes: Uint8Array) => void
}

class OpenFile implements DiskFile {
  readonly #path: string
  readonly #file: FileContent
  readonly #medium: Medium
  #isOpen = true

  constructor(path: string, file: FileContent, medium: Medium) {
    this.#path = path
    this.#file = file
    this.#medium = medium
  }

  size(): number {
    return this.#opened('fstat').size
  }

  read(position: number, into: Uint8Array): number {
    const length = this.#opened('read').read(position, into)
    this.#medium.onRead(into.subarray(0, length))
    return length
  }

  write(position: number, pieces: readonly Uint8Array[]): void {
    const file = this.#opened('write')
    let to = position
    for (const piece of pieces) {
      file.write(to, piece)
      to += piece.length
    }
  }

  truncate(size: number): void {
    this.#opened('ftruncate').truncate(size)
  }

  async sync(): Promise<void> {
    await this.#medium.sync(this.#opened('fdatasync'))
  }

  syncNow(): void {
    this.#opened('fdatasync').force()
  }

  close(): void {
    this.#isOpen = false
  }

  #opened(operation: string): FileContent {
    if (this.#isOpen) return this.#file
    throw systemError('EBADF', operation, this.#path)
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}
