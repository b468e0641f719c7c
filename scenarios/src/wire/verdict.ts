import { refusalOf } from './refusals.ts'
import type { Survey } from './survey.ts'

export interface Verdict {
  /** One line for every answer that is not as it should be. */
  readonly wrong: readonly string[]
  /** APIs × versions. */
  readonly asked: number
  readonly apis: number
  readonly accepted: number
  readonly refused: number
}

/** Holds what was found against what each API has to answer. */
export function verdictOf({ findings }: Survey): Verdict {
  const wrong: string[] = []
  let accepted = 0
  let refused = 0
  for (const { api, version, errors, failure } of findings) {
    const expected = refusalOf(api.name, version)
    const found = errors.join(' and ')
    if (failure !== undefined) wrong.push(`${api.name} v${version}: ${failure}`)
    else if (found !== expected)
      wrong.push(`${api.name} v${version}: ${found || 'accepted'}, not ${expected || 'accepted'}`)
    else if (expected === '') accepted++
    else refused++
  }
  const apis = new Set(findings.map(({ api }) => api.key)).size
  return { wrong, asked: findings.length, apis, accepted, refused }
}

export function told({ apis, asked, accepted, refused }: Verdict): string {
  return `${apis} APIs, ${asked} versions asked: ${accepted} accepted, ${refused} refused as expected`
}
