import type { EndAnswer } from './ends.ts'
import { acknowledgedEnds, endAnswers } from './ends.ts'
import type { Evidence } from './evidence.ts'
import type { Findings } from './findings.ts'

/**
 * S6: an end that is asked for after a higher one was known lies behind it. What was known before a reader was told that
 * the log had been cut does not count after that.
 */
export function checkEnds({ index }: Evidence, found: Findings): void {
  const all = endAnswers(index)
  const moments = [...all].map(
    ([partition, answers]) => [partition, answers.map(({ begin }) => begin)] as const,
  )
  const least = acknowledgedEnds(index, new Map(moments))
  for (const [partition, answers] of all) {
    const tp = index.tp(partition)
    const cuts = index.events.flatMap((event) =>
      event.f === 'reset' && event.why === 'truncated' && event.tp === tp ? [event.t] : [],
    )
    answers.forEach((answer, at) => {
      // Records of open transactions lie behind the last stable offset; what a leader alone has may be lost.
      const isBound = index.mode.acks === 'all' && cuts.length === 0 && !answer.isCommittedOnly
      const acked = isBound ? (least.get(partition)?.[at] ?? 0) : 0
      const before = Math.max(acked, earlier(answers, answer, cuts))
      if (answer.offset >= before) return
      const iso = answer.isCommittedOnly ? 'read_committed' : 'read_uncommitted'
      found.add('S6', { tp, offsets: [answer.offset, before] }, () => {
        return `the end (${iso}) is ${answer.offset} after it had been at least ${before}`
      })
    })
  }
}

/** The highest end of the same isolation that had come before the question, and was not cut since. */
function earlier(answers: readonly EndAnswer[], answer: EndAnswer, cuts: readonly number[]): number {
  let highest = -1
  for (const { isCommittedOnly, end, offset } of answers) {
    if (isCommittedOnly !== answer.isCommittedOnly || end >= answer.begin || offset <= highest) continue
    if (!isCutBetween(cuts, end, answer.end)) highest = offset
  }
  return highest
}

function isCutBetween(cuts: readonly number[], from: number, to: number): boolean {
  return cuts.some((t) => t > from && t <= to)
}
