import type { DriverClient } from './client.ts'
import { GroupReader } from './group-reader.ts'
import type { DriverOptions } from './options.ts'
import type { World } from './produce.ts'

/** How long a member stays. Milliseconds. */
const SHORTEST_MS = 200
const LONGEST_MS = 5000
/** One of so many departures is a death. */
const DEATH_ONE_IN = 3

/** Members of a group that come, stay a little, and leave or die, each on its own. */
export async function churn(client: DriverClient, options: DriverOptions, world: World): Promise<void> {
  const members = Array.from({ length: options.members }, (_, index) => lives(client, options, world, index))
  await Promise.all(members)
}

async function lives(
  client: DriverClient,
  options: DriverOptions,
  world: World,
  index: number,
): Promise<void> {
  const { stop } = world
  await stop.pause(Math.random() * LONGEST_MS)
  while (!stop.isAsked) {
    let isOver = false
    const isNeeded = () => !isOver && !stop.isAsked
    const reader = await GroupReader.join(client, options, world, `${options.who}-${index}`, isNeeded)
    const stay = SHORTEST_MS + Math.random() * (LONGEST_MS - SHORTEST_MS)
    const error = await Promise.race([stop.pause(stay), reader.death])
    isOver = true
    world.tally.count('members')
    if (error) await reader.bury(error, stop)
    else if (!stop.isAsked && Math.random() * DEATH_ONE_IN < 1) await reader.vanish()
    else await reader.close(stop)
  }
}
