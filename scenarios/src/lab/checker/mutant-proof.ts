import { codes } from './anomalies.ts'
import { cleanHistory } from './clean-history.ts'
import { drawFrom } from './draw.ts'
import { mutate } from './mutators.ts'
import { foundCodes } from './report.ts'
import { check } from './verdict.ts'

/** What came of breaking clean histories in every way. */
export interface MutantProof {
  /** Clean histories that were looked at. */
  clean: number
  /** Clean histories that the checker complained of. */
  alarms: string[]
  /** Broken ones that it did not see the break of. */
  missed: string[]
}

/** Breaks so many clean histories, from a seed on, in the way of each code; `say` is told how far it is. */
export function proveMutators(
  from: number,
  histories: number,
  say: (text: string) => void = () => {},
): MutantProof {
  const proof: MutantProof = { clean: 0, alarms: [], missed: [] }
  for (let seed = from; seed < from + histories; seed++) {
    const clean = cleanHistory(seed)
    const { result, reasons, findings } = check(clean)
    proof.clean++
    if (result !== 'clean') {
      const what = findings.map(({ code, text }) => `${code} ${text}`)
      proof.alarms.push(`clean history ${seed} is ${result}: ${[...reasons, ...what].slice(0, 3).join('; ')}`)
    }
    for (const code of codes) {
      const verdict = check(mutate(clean, code, drawFrom(seed)))
      const isFound = foundCodes(verdict).includes(code)
      // T7 is told and allowed; all others must break the verdict.
      const isBroken = verdict.result === 'broken' || code === 'T7'
      if (!isFound || !isBroken) proof.missed.push(`history ${seed} broken by ${code}: ${verdict.result}`)
    }
    say(`${proof.clean} histories`)
  }
  return proof
}
