import type { DriverClient, Positions, ReaderAdapter } from './client.ts'
import { codeOf } from './client.ts'
import { endOfPoll, GroupReader } from './group-reader.ts'
import type { Author } from './history-writer.ts'
import type { DriverOptions } from './options.ts'
import { partitionsOf } from './options.ts'
import type { World } from './produce.ts'
import { within } from './stop.ts'

const POLL_MS = 500
/** A drain that gets nothing for so long is given up. Milliseconds. */
const DRAIN_PATIENCE_MS = 60_000
const RETRY_MS = 500

/** The role cannot be played with this client; exit code 3. */
export class RoleNotPossible extends Error {
  override readonly name = 'RoleNotPossible'
}

export async function consume(client: DriverClient, options: DriverOptions, world: World): Promise<void> {
  if (options.drain) return drain(client, options, world)
  if (options.assign) return assigned(client, options, world)
  const { stop } = world
  while (!stop.isAsked) {
    const reader = await GroupReader.join(client, options, world, options.who, () => !stop.isAsked)
    const error = await Promise.race([stop.asked(), reader.death])
    if (error) await reader.bury(error, stop)
    else await reader.close(stop)
  }
}

/** Reads on its own from every partition's start. */
async function assigned(client: DriverClient, options: DriverOptions, world: World): Promise<void> {
  if (!client.canAssign) throw new RoleNotPossible(`${client.title} reads only as a member of a group`)
  const partitions = partitionsOf(options.topics)
  const reader = await client.reader(options, partitions)
  const author = world.history.open(options.who, client.title)
  world.history.moment(author, { f: 'assign', tps: partitions.map(({ tp }) => tp) })
  const next = new Map(partitions.map(({ tp }) => [tp, 0]))
  while (!world.stop.isAsked) await pollOnce(reader, author, options, world, next, false)
  await closeReader(reader, author, world)
}

/** Reads every partition from its start to where it ended when this began. */
async function drain(client: DriverClient, options: DriverOptions, world: World): Promise<void> {
  const { history, stop } = world
  const partitions = partitionsOf(options.topics)
  const reader = await client.reader(options, partitions)
  const author = history.open(options.who, client.title)
  const ends = await askEnds(reader, author, options, world)
  history.moment(author, { f: 'assign', tps: partitions.map(({ tp }) => tp) })
  const next = new Map(partitions.map(({ tp }) => [tp, 0]))
  let positions: Positions = {}
  const isDone = () => Object.entries(ends).every(([tp, end]) => (positions[tp] ?? 0) >= end)
  let progress = performance.now()
  while (!isDone() && !stop.isAsked) {
    const before = JSON.stringify(positions)
    positions = { ...positions, ...(await pollOnce(reader, author, options, world, next, true)) }
    if (JSON.stringify(positions) !== before) progress = performance.now()
    if (performance.now() - progress > DRAIN_PATIENCE_MS) break
  }
  const isWhole = isDone()
  if (isWhole) history.moment(author, { f: 'drain', iso: options.isolation, offs: ends })
  await closeReader(reader, author, world)
  if (!isWhole) throw new Error(`the drain stands at ${JSON.stringify(positions)} of ${JSON.stringify(ends)}`)
}

async function askEnds(
  reader: ReaderAdapter,
  author: Author,
  options: DriverOptions,
  world: World,
): Promise<Positions> {
  for (;;) {
    const end = world.history.begin(author, { f: 'ends', iso: options.isolation })
    try {
      const offs = await reader.ends()
      end({ r: 'ok', offs })
      return offs
    } catch (error) {
      end({ r: 'fail', offs: {}, code: codeOf(error) })
      if (world.stop.isAsked) throw error
      await world.stop.pause(RETRY_MS)
    }
  }
}

async function pollOnce(
  reader: ReaderAdapter,
  author: Author,
  options: DriverOptions,
  world: World,
  next: Map<string, number>,
  isDrain: boolean,
): Promise<Positions> {
  const begun = { f: 'poll', iso: options.isolation, ...(isDrain ? { drain: true } : {}) }
  const end = world.history.begin(author, begun)
  let answer: Awaited<ReturnType<ReaderAdapter['poll']>>
  try {
    answer = await reader.poll(POLL_MS)
  } catch (error) {
    end({ recs: {}, code: codeOf(error) })
    await world.stop.pause(RETRY_MS)
    return {}
  }
  world.tally.count('read', answer.records.length)
  end(endOfPoll(answer.records, next))
  return answer.positions
}

async function closeReader(reader: ReaderAdapter, author: Author, world: World): Promise<void> {
  const end = world.history.begin(author, { f: 'close' })
  const patience = world.stop.patience(30_000)
  await within(reader.close(patience), patience)
  end()
}
