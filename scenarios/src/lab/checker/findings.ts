import type { Code } from './anomalies.ts'

/** Of one code so many are told; the others are counted. */
const TOLD_MAX = 200

/** One thing that is not as it should be. */
export interface Finding {
  code: Code
  /** Of the partition, where it is one's. */
  tp?: string
  /** Where in the partition. */
  offsets?: readonly number[]
  /** Allowed by no mode: it is worse than the code says. */
  isNeverAllowed?: boolean
  /** What is at odds, with offsets, values and who. */
  text: string
}

/** Collects what the checks find; of a code that is found too often only the first are kept, all are counted. */
export class Findings {
  readonly told: Finding[] = []
  readonly counts = new Map<Code, number>()

  add(code: Code, where: Omit<Finding, 'code' | 'text'>, text: () => string): void {
    const count = (this.counts.get(code) ?? 0) + 1
    this.counts.set(code, count)
    if (count <= TOLD_MAX) this.told.push({ code, ...where, text: text() })
  }
}
