import type { Code } from './anomalies.ts'
import { anomalies, codes } from './anomalies.ts'
import type { Torn } from './files.ts'
import type { Finding } from './findings.ts'
import { defaultMode } from './mode.ts'
import type { Verdict } from './verdict.ts'

/** Of a code so many findings are printed; the JSON holds more. */
const PRINTED_MAX = 5

/** A verdict for people to read. */
export function textReport(verdict: Verdict, torn: readonly Torn[] = []): string {
  const { result, reasons, findings, allowed, totals, counts } = verdict
  const calls = `${counts.ok} ok, ${counts.fail} refused, ${counts.unk} unknown; ${counts.faults} faults`
  const reading = `${counts.read} records read in ${counts.polls} polls, ${counts.handed} handed over`
  const extent = `${counts.partitions} partitions (${counts.drained} drained), ${counts.transactions} transactions`
  return [
    result,
    ...reasons.map((reason) => `  because ${reason}`),
    `calls: ${calls}`,
    `seen: ${counts.values} values, ${reading}`,
    `over: ${extent}, ${counts.windows} times after healing, ${counts.events} lines`,
    `mode: ${modeText(verdict)}`,
    ...torn.map(({ file, line }) => `torn: ${file} ends within line ${line}, which was passed over`),
    ...section('anomalies', findings, totals),
    ...section('allowed in this mode', allowed, totals),
  ].join('\n')
}

/** What differs from what is asked of everybody. */
function modeText({ mode }: Verdict): string {
  const differing = Object.entries(mode).filter(([name, value]) => defaultMode[name as 'acks'] !== value)
  return differing.map(([name, value]) => `${name} ${value}`).join(', ') || 'as usual'
}

function section(title: string, findings: readonly Finding[], totals: Verdict['totals']): string[] {
  if (findings.length === 0) return [`${title}: none`]
  const lines = [`${title}:`]
  for (const code of codes) {
    const list = findings.filter((finding) => finding.code === code)
    if (list.length === 0) continue
    const count = totals[code] ?? list.length
    lines.push(`  ${code} × ${count}  ${anomalies[code]}`)
    for (const { tp, text } of list.slice(0, PRINTED_MAX)) lines.push(`    ${tp ? `${tp}: ` : ''}${text}`)
    if (count > PRINTED_MAX) lines.push(`    and ${count - PRINTED_MAX} more`)
  }
  return lines
}

/** A verdict for programs: all that is known of it. */
export function jsonReport(verdict: Verdict, torn: readonly Torn[] = []): string {
  return `${JSON.stringify({ ...verdict, torn }, undefined, 2)}\n`
}

/** Codes that were found, allowed ones too. */
export function foundCodes({ totals }: Verdict): Code[] {
  return codes.filter((code) => totals[code] !== undefined)
}
