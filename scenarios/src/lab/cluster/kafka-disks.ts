import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AlterReplicaLogDirs, DescribeLogDirs } from '@samsa/protocol'
import type { Admin } from './admin.ts'
import { atTheEnd } from './at-the-end.ts'
import { NotPossible } from './controlled-cluster.ts'
import { SmallDisk } from './small-disk.ts'
import { waitUntil } from './wait-until.ts'

const PLACE_LIMIT_MS = 60_000
const LOOK_LIMIT_MS = 10_000
const FAILED = 'KAFKA_STORAGE_ERROR'

/**
 * Directories of Kafka's nodes of which one lies on a disk of limited size. The metadata and a second directory lie
 * elsewhere: a node whose last directory fails ends itself, and one that cannot write its metadata as well.
 */
export class KafkaDisks {
  readonly #disks: SmallDisk[] = []
  readonly #roomy = mkdtempSync(join(tmpdir(), 'samsa-roomy-'))
  readonly #forget = atTheEnd(() => rmSync(this.#roomy, { recursive: true, force: true, maxRetries: 3 }))

  /** @throws NotPossible where mounting is not permitted */
  constructor(nodes: number, megabytes: number) {
    try {
      while (this.#disks.length < nodes) this.#disks.push(new SmallDisk(megabytes))
    } catch (error) {
      this.remove()
      throw error
    }
  }

  /** For server.properties. */
  settingsOf(node: number): Record<string, string> {
    return {
      'log.dirs': `${this.#limited(node)},${join(this.#roomy, `data-${node}`)}`,
      'metadata.log.dir': join(this.#roomy, `metadata-${node}`),
    }
  }

  /** @param node left out: all */
  fill(node?: number): void {
    for (const [index, disk] of this.#disks.entries()) {
      if (node === undefined || index === node - 1) disk.fill()
    }
  }

  free(): void {
    for (const disk of this.#disks) disk.free()
  }

  /** Moves what a node has of a topic onto its limited disk. */
  async place(admin: Admin, node: number, topic: string, partitions: readonly number[]): Promise<void> {
    if (partitions.length === 0) return
    const path = this.#limited(node)
    await admin.ask(
      AlterReplicaLogDirs,
      { dirs: [{ path, topics: [{ name: topic, partitions }] }] },
      { node },
    )
    await waitUntil(`${topic} lies on the limited disk of node ${node}`, PLACE_LIMIT_MS, async () => {
      const { results } = await admin.ask(
        DescribeLogDirs,
        { topics: [{ topic, partitions }] },
        { node, limitMs: LOOK_LIMIT_MS },
      )
      const here = results.find(({ logDir }) => logDir === path)
      const held = here?.topics.flatMap((each) => each.partitions.filter(({ isFutureKey }) => !isFutureKey))
      const missing = partitions.length - (held?.length ?? 0)
      return missing > 0 ? `${missing} partitions do not` : undefined
    })
  }

  /** Whether the node has given its limited disk up. */
  async hasFailed(admin: Admin, node: number): Promise<boolean> {
    const { results } = await admin.ask(DescribeLogDirs, { topics: [] }, { node, accept: [FAILED] })
    const here = results.find(({ logDir }) => logDir === this.#limited(node))
    return here === undefined || here.errorCode !== 0
  }

  remove(): void {
    for (const disk of this.#disks.splice(0)) disk.unmount()
    rmSync(this.#roomy, { recursive: true, force: true })
    this.#forget()
  }

  #limited(node: number): string {
    const disk = this.#disks[node - 1]
    if (!disk) throw new NotPossible(`there is no node ${node}`)
    return join(disk.directory, 'data')
  }
}
