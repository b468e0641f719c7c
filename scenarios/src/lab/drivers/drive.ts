import { churn } from './churn.ts'
import type { DriverClient } from './client.ts'
import { codeOf } from './client.ts'
import { consume, RoleNotPossible } from './consume.ts'
import { copy } from './copy.ts'
import { HistoryWriter } from './history-writer.ts'
import type { DriverOptions, Role } from './options.ts'
import { parseOptions, UsageError } from './options.ts'
import type { World } from './produce.ts'
import { produce } from './produce.ts'
import { Stop } from './stop.ts'
import { Tally } from './tally.ts'

/** After a signal and this long the driver ends, whatever its client does. Milliseconds. */
const LAST_MS = 29_000

const plays: Record<Role, (client: DriverClient, options: DriverOptions, world: World) => Promise<void>> = {
  produce,
  consume,
  copy,
  churn,
}

/** Plays the role of this process's command line with a client, and ends the process. */
export async function drive(client: DriverClient): Promise<void> {
  let options: DriverOptions
  try {
    options = parseOptions(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(error.message)
    process.exit(2)
  }
  const world = {
    history: new HistoryWriter(options.history, options.firstOp),
    stop: new Stop(),
    tally: new Tally(),
  }
  const crashed = (error: unknown) => {
    const text = error instanceof Error ? `${codeOf(error)}: ${error.message}` : String(error)
    world.history.moment({ who: options.who, inc: options.who }, { f: 'crash', text })
    console.error(error)
    end(1)
  }
  const end = (code: number) => {
    world.history.close()
    const summary = { client: client.title, role: options.role, exit: code, ...world.tally.counts }
    // Some clients leave handles open; the role is over.
    process.stdout.write(`${JSON.stringify(summary)}\n`, () => process.exit(code))
  }
  // What a library throws out of the blue is its crash.
  process.on('uncaughtException', crashed)
  process.on('unhandledRejection', crashed)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      world.stop.ask(true)
      setTimeout(() => crashed(new Error(`not over ${LAST_MS} ms after ${signal}`)), LAST_MS).unref()
    })
  }
  if (options.seconds > 0) setTimeout(() => world.stop.ask(false), options.seconds * 1000)
  try {
    await plays[options.role](client, options, world)
    // The load went on after a client had given up, but that it did must be seen.
    end(world.tally.counts['deaths'] ? 1 : 0)
  } catch (error) {
    if (!(error instanceof RoleNotPossible)) return crashed(error)
    console.error(error.message)
    end(3)
  }
}
