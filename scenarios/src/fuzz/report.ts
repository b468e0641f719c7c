import type { Found, Tally } from './campaign.ts'
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
