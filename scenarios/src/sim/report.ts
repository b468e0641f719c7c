import type { RunResult } from './run.ts'

/** The command that runs exactly this again. */
export function replayCommand({ seed, scenario }: RunResult): string {
  return `npm run sim -- --seed ${seed} --scenario ${scenario}`
}

/** One run for people. */
export function report(result: RunResult): string {
  const { seed, scenario, digest, findings, virtualMs, wallMs, events, recoveryMs, faults } = result
  const { brokerStarts, assignments, sent, acknowledged, failed, handed } = result
  const verdict = findings.length === 0 ? 'good' : `${findings.length} findings`
  return [
    `seed ${seed} ${scenario}: ${verdict}, hash ${digest}`,
    `  ${seconds(virtualMs)} virtual in ${seconds(wallMs)}, ${events} events, ${faults} faults, broker starts ${brokerStarts}`,
    `  ${sent} sent, ${acknowledged} acknowledged, ${failed} failed, ${handed} handed over, ${assignments} assignments`,
    `  recovered ${seconds(recoveryMs)} after healing`,
    ...findings.map((finding) => `  ! ${finding}`),
  ].join('\n')
}

/** Many runs for people. */
export function summary(results: readonly RunResult[]): string {
  const sum = (of: (result: RunResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const virtualMs = sum((result) => result.virtualMs)
  const wallMs = sum((result) => result.wallMs)
  const failed = results.filter(({ findings }) => findings.length > 0).length
  const slowest = Math.max(0, ...results.map(({ recoveryMs }) => recoveryMs))
  return [
    `${results.length} runs of ${new Set(results.map(({ seed }) => seed)).size} seeds, ${failed} with findings`,
    `  ${(virtualMs / 3_600_000).toFixed(2)} virtual hours in ${seconds(wallMs)}: ${Math.round(virtualMs / wallMs)} times real time`,
    `  ${sum(({ events }) => events)} events, ${sum(({ faults }) => faults)} faults, ${sum(({ brokerStarts }) => brokerStarts - 1)} restarts of the broker`,
    `  ${sum(({ sent }) => sent)} sent, ${sum(({ acknowledged }) => acknowledged)} acknowledged, ${sum((result) => result.failed)} failed, ` +
      `${sum(({ handed }) => handed)} handed over, ${sum(({ assignments }) => assignments)} assignments`,
    `  slowest recovery after healing ${seconds(slowest)}`,
  ].join('\n')
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
