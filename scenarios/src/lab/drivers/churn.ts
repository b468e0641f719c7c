import type { DriverClient } from './client.ts'
import { GroupReader } from './group-reader.ts'
import type { DriverOptions } from './options.ts'
import type { World } from './produce.ts'

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
  const { stayMs, stayMostMs, deathOneIn } = options
  await stop.pause(Math.random() * stayMostMs)
  while (!stop.isAsked) {
    let isOver = false
    const isNeeded = () => !isOver && !stop.isAsked
    const reader = await GroupReader.join(client, options, world, `${options.who}-${index}`, isNeeded)
    const stay = stayMs + Math.random() * (stayMostMs - stayMs)
    const error = await Promise.race([stop.pause(stay), reader.death])
    isOver = true
    world.tally.count('members')
    if (error) await reader.bury(error, stop)
    else if (!stop.isAsked && deathOneIn > 0 && Math.random() * deathOneIn < 1) await reader.vanish()
    else await reader.close(stop)
  }
}
