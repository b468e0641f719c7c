import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawings } from './drawing.ts'
import type { Torn } from './files.ts'
import { mergeHistories } from './files.ts'
import { HistoryIndex } from './history-index.ts'
import { jsonReport, textReport } from './report.ts'
import type { Verdict } from './verdict.ts'
import { judge } from './verdict.ts'

/** Where reports go, besides the text. */
export interface ReportPaths {
  json?: string
  /** A directory, for a drawing of each partition that has an anomaly. */
  svg?: string
}

/** What was found in files, and what there is to say of it. */
export interface FilesVerdict {
  verdict: Verdict
  torn: readonly Torn[]
  text: string
}

/** Checks the history that some files hold and writes the reports that are asked for. */
export function checkFiles(paths: readonly string[], { json, svg }: ReportPaths = {}): FilesVerdict {
  const torn: Torn[] = []
  const index = new HistoryIndex()
  for (const event of mergeHistories(paths, (each) => torn.push(each))) index.add(event)
  const verdict = judge(index.seal())
  if (json !== undefined) writeFileSync(json, jsonReport(verdict, torn))
  if (svg !== undefined) {
    mkdirSync(svg, { recursive: true })
    for (const [tp, drawing] of drawings(index, verdict.findings)) {
      writeFileSync(join(svg, `${tp.replace(/[^\w.-]/g, '_')}.svg`), drawing)
    }
  }
  return { verdict, torn, text: textReport(verdict, torn) }
}
