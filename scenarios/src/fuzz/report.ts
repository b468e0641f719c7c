import type { Found, Tally } from './campaign.ts'
import type { Measured } from './memory.ts'
import { isTooMuch } from './memory.ts'
import { messages } from './targets.ts'

/** A run for people. */
export function describeTally(tally: Tally, wallMs: number): string {
  const { executions, values, refusals, targets, signatures, found } = tally
  const rate = Math.round(executions / (wallMs / 1000))
  const versions = [...messages.values()].reduce(
    (sum, { minVersion, maxVersion }) => sum + maxVersion - minVersion + 1,
    0,
  )
  const hit = [...targets.keys()].filter((name) => name.startsWith('message:')).length
  const used = [...tally.mutators].sort().map(([name, count]) => `${name} ${count}`)
  return [
    `${executions} executions in ${(wallMs / 1000).toFixed(1)} s: ${rate} a second`,
    `  ${values} gave a value, ${refusals} were refused in ${signatures.size} different ways`,
    `  ${targets.size} targets, ${hit} of ${versions} messages x versions`,
    `  ${used.join(', ')}`,
    `${found.length} findings`,
    ...found.map(describeFound),
  ].join('\n')
}

function describeFound({ target, what, seed, hex }: Found): string {
  return `  ! ${what} (seed ${seed})\n    npm run fuzz -- --target ${target} --replay ${hex}`
}

/** What floods and bombs took, the worst first. */
export function describeMemory(measured: readonly Measured[]): string {
  const times = ({ heldBytes, frameBytes }: Measured) => heldBytes / frameBytes
  const worst = [...measured].sort((one, other) => times(other) - times(one)).slice(0, 25)
  const tooMuch = measured.filter(isTooMuch)
  return [
    `${measured.length} floods and bombs were read, ${tooMuch.length} hold more than they may`,
    ...worst.map(
      (entry) =>
        `  ${isTooMuch(entry) ? '!' : ' '} ${times(entry).toFixed(1)} times ${entry.frameBytes} bytes: ${entry.target}, ${entry.what}`,
    ),
  ].join('\n')
}
