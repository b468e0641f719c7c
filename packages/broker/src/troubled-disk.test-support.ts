import type { Disk, DiskFile, SimWorld } from '@samsa/runtime'
import { DiskError } from '@samsa/runtime'

/** A disk that can be made to fail and to take its time; else it does what the disk behind it does. */
export class TroubledDisk implements Disk {
  /** While a code is set, every such call fails with it; `only` those on paths that end so, if that is given. */
  failing: { write?: string; sync?: string; only?: string } = {}
  openFiles = 0
  readonly #disk: Disk
  #held: Promise<void> | undefined

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** Holds the next force back until the returned function is called. */
  holdSync(): () => void {
    let release = () => {}
    this.#held = new Promise((resolve) => {
      release = resolve
    })
    return release
  }

  /** Changes a file behind everybody's back. */
  damage(path: string, change: (bytes: Buffer) => Uint8Array): void {
    this.#disk.replace(path, change(Buffer.from(this.#disk.read(path) ?? [])))
  }

  open(path: string, options?: { create?: boolean }): DiskFile {
    const file = this.#disk.open(path, options)
    let isOpen = true
    this.openFiles++
    return {
      size: () => file.size(),
      read: (position, into) => file.read(position, into),
      write: (position, pieces) => {
        try {
          this.#check('write', path)
        } catch (error) {
          // A disk that is full takes a part.
          file.write(position, [(pieces[0] as Uint8Array).subarray(0, 30)])
          throw error
        }
        file.write(position, pieces)
      },
      truncate: (size) => file.truncate(size),
      sync: async () => {
        const held = this.#held
        this.#held = undefined
        await held
        this.#check('sync', path)
        return file.sync()
      },
      syncNow: () => {
        this.#check('sync', path)
        file.syncNow()
      },
      close: () => {
        if (isOpen) this.openFiles--
        isOpen = false
        file.close()
      },
    }
  }

  list(path: string): readonly string[] | undefined {
    return this.#disk.list(path)
  }

  makeDirectory(path: string): void {
    this.#disk.makeDirectory(path)
  }

  exists(path: string): boolean {
    return this.#disk.exists(path)
  }

  read(path: string): Uint8Array | undefined {
    return this.#disk.read(path)
  }

  replace(path: string, bytes: Uint8Array): void {
    this.#check('sync', path)
    this.#disk.replace(path, bytes)
  }

  rename(from: string, to: string): void {
    this.#disk.rename(from, to)
  }

  remove(path: string): void {
    this.#disk.remove(path)
  }

  removeDirectory(path: string): void {
    this.#disk.removeDirectory(path)
  }

  syncDirectory(path: string): void {
    this.#disk.syncDirectory(path)
  }

  lock(path: string): { release(): void } {
    return this.#disk.lock(path)
  }

  #check(call: 'write' | 'sync', path: string): void {
    const { [call]: code, only = '' } = this.failing
    if (code && path.endsWith(only)) throw new DiskError(code, path, `${path}: ${code}`)
  }
}

/** Puts such a disk between the broker's host and its own, until the host is killed. */
export function troubled(world: SimWorld): TroubledDisk {
  const host = world.host('broker')
  const disk = new TroubledDisk(host.disk)
  Object.assign(host, { disk })
  return disk
}
