import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BatchHeader, readBatches } from '@samsa/protocol'
import { median } from './figures.ts'
import type { Figures, Fixtures, Row, Tasks } from './protocol-rows.ts'
import { PARTITIONS, RECORDS, rows, VALUE_BYTES } from './protocol-rows.ts'

const SLICES = 10

/** The one argument of a codec's program, as JSON. */
export interface ProtocolOrder {
  /** Where the files are that everybody reads. */
  fixtures: string
  /** Where the packages of others are installed. */
  home: string
  /** Where packages with native code are installed, for who is to use them. */
  native: string | undefined
  /** How long a row is measured; half as long it is warmed up. */
  milliseconds: number
}

/** Measures what a codec can do, row by row, and prints the figures as one line of JSON. */
export async function driveProtocol(
  prepare: (fixtures: Fixtures, order: ProtocolOrder) => Tasks | Promise<Tasks>,
): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '') as ProtocolOrder
  const fixtures = read(order.fixtures)
  const tasks = await prepare(fixtures, order)
  const figures: Figures = {}
  for (const row of rows) {
    const task = tasks[row.name]
    if (!task) continue
    try {
      prove(row, await task(), fixtures)
      await spend(task, order.milliseconds / 2)
      figures[row.name] = await measured(row, task, order.milliseconds, fixtures)
    } catch (error) {
      figures[row.name] = `failed: ${(error as Error).message}`
    }
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0))
}

function read(folder: string): Fixtures {
  const file = (name: string) => readFileSync(join(folder, name))
  const all = file('values')
  const values = Array.from({ length: RECORDS }, (_, at) =>
    all.subarray(at * VALUE_BYTES, (at + 1) * VALUE_BYTES),
  )
  return {
    values,
    batch: (codec) => file(`batch-${codec}`),
    keyed: file('keyed'),
    metadata: (version) => file(`metadata-${version}`),
  }
}

/** The median of slices: what disturbs the machine for a moment falls out. */
async function measured(row: Row, task: () => unknown, milliseconds: number, fixtures: Fixtures) {
  const costs: number[] = []
  for (let slice = 0; slice < SLICES; slice++) {
    const before = process.cpuUsage()
    const calls = await spend(task, milliseconds / SLICES)
    const { user, system } = process.cpuUsage(before)
    costs.push(((user + system) * 1000) / calls)
  }
  const nanoseconds = median(costs)
  if (row.unit === 'GB/s') return (fixtures.batch('none').length - 21) / nanoseconds
  return row.unit === 'µs' ? nanoseconds / 1000 : nanoseconds / row.each
}

/** Calls as often as fit into so much time; native code gives its memory back only when the event loop turns. */
async function spend(task: () => unknown, milliseconds: number): Promise<number> {
  const end = performance.now() + milliseconds
  let calls = 0
  do {
    for (let turn = 0; turn < 4; turn++) {
      const result = task()
      if (result instanceof Promise) await result
      calls++
    }
    await new Promise((resolve) => setImmediate(resolve))
  } while (performance.now() < end)
  return calls
}

/** A figure for something that was not done would be worth nothing. */
function prove(row: Row, result: unknown, fixtures: Fixtures): void {
  if (result instanceof Uint8Array) {
    proveBatch(result, fixtures)
    return
  }
  const expected = row.name.startsWith('CRC')
    ? new BatchHeader(fixtures.batch('none')).crc
    : row.name.startsWith('Metadata')
      ? PARTITIONS
      : RECORDS
  if (result !== expected) throw new Error(`${result} where ${expected} was to come out`)
}

function proveBatch(bytes: Uint8Array, { values }: Fixtures): void {
  const [batch] = readBatches(bytes)
  batch?.checkCrc()
  const records = batch?.records() ?? []
  const isSame = records.every(({ value }, at) => value?.equals(values[at] as Buffer))
  if (records.length !== values.length || !isSame) throw new Error('the batch has other records')
}
