import type { Weakness } from './cluster.ts'
import type { Done, Spent } from './job.ts'
import type { Restriction } from './plan.ts'
import type { RunResult } from './run.ts'

/** The command that runs exactly this again. */
export function replayCommand(
  { seed, scenario }: Pick<RunResult, 'seed' | 'scenario'>,
  { faults, clients, bursts }: Restriction = {},
  weakness?: Weakness,
): string {
  return [
    `npm run sim -- --seed ${seed} --scenario ${scenario}`,
    ...(faults ? [`--faults ${faults.join(',') || 'none'}`] : []),
    ...(clients ? [`--clients ${clients.join(',')}`] : []),
    ...(bursts !== undefined ? [`--bursts ${bursts}`] : []),
    ...(weakness ? [`--weakness ${weakness}`] : []),
  ].join(' ')
}

/** One run for people. */
export function report(result: RunResult): string {
  const { seed, scenario, digest, findings, virtualMs, wallMs, events, recoveryMs, faults } = result
  const { brokerStarts, powerCuts, topics, assignments, sent, acknowledged, failed, handed } = result
  const verdict = findings.length === 0 ? 'good' : `${findings.length} findings`
  return [
    `seed ${seed} ${scenario}: ${verdict}, hash ${digest}`,
    `  ${seconds(virtualMs)} virtual in ${seconds(wallMs)}, ${events} events, ${faults} faults, ${topics} topics, broker starts ${brokerStarts}, power cuts ${powerCuts}`,
    `  ${sent} sent, ${acknowledged} acknowledged, ${failed} failed, ${handed} handed over, ${assignments} assignments`,
    `  recovered ${seconds(recoveryMs)} after healing`,
    ...findings.map((finding) => `  ! ${finding}`),
  ].join('\n')
}

/**
 * Many seeds for people.
 * @param wallMs how long they took together; with several workers that is less than their sum
 */
export function summary(all: readonly Done[], wallMs: number): string {
  const results = all.map(({ result }) => result)
  const sum = (of: (result: RunResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const spent = (of: (spent: Spent) => number) => all.reduce((total, each) => total + of(each.spent), 0)
  const virtualMs = spent((each) => each.virtualMs)
  const failed = results.filter(({ findings }) => findings.length > 0).length
  const slowest = Math.max(0, ...results.map(({ recoveryMs }) => recoveryMs))
  const operations = sum((result) => result.sent + result.handed)
  return [
    `${results.length} seeds, each run twice, ${failed} with findings`,
    `  ${(virtualMs / 3_600_000).toFixed(2)} virtual hours in ${seconds(wallMs)}: ${Math.round(virtualMs / wallMs)} times real time, ${Math.round(virtualMs / spent(({ cpuMs }) => cpuMs))} for each processor`,
    `  ${operations} operations, ${sum(({ events }) => events)} events, ${sum(({ faults }) => faults)} faults, ${sum(({ brokerStarts }) => Math.max(0, brokerStarts - 1))} restarts of the broker, ${sum(({ powerCuts }) => powerCuts)} power cuts`,
    `  ${sum(({ sent }) => sent)} sent, ${sum(({ acknowledged }) => acknowledged)} acknowledged, ${sum((result) => result.failed)} failed, ` +
      `${sum(({ handed }) => handed)} handed over, ${sum(({ assignments }) => assignments)} assignments`,
    `  slowest recovery after healing ${seconds(slowest)}`,
  ].join('\n')
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
