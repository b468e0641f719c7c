/** A fenced block of a document. */
export interface Block {
  /** Path of the document, from the top of the repository. */
  readonly document: string
  /** Line of the first line of code, counted from 1. */
  readonly line: number
  /** What stands behind the fence: `ts`, `sh`, `text`; '' for nothing. */
  readonly language: string
  readonly code: string
  /** Why it is not run, where the document says so: `<!-- not run: it needs a password -->` before the fence. */
  readonly notRun: string | undefined
}

/** A relative link of a document. */
export interface Link {
  readonly document: string
  readonly line: number
  readonly target: string
}

/** The fenced blocks of a document, in order. */
export function blocksOf(document: string, text: string): Block[] {
  const blocks: Block[] = []
  const lines = text.split('\n')
  let notRun: string | undefined
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string
    const fence = /^```(\w*)\s*$/.exec(line)
    if (!fence) {
      // The remark counts for the block that follows it, over empty lines.
      if (line.trim() !== '') notRun = /^<!-- not run: (.+) -->$/.exec(line.trim())?.[1]
      continue
    }
    const end = lines.indexOf('```', index + 1)
    if (end < 0) throw new Error(`${document}:${index + 1} opens a block that never ends`)
    const code = `${lines.slice(index + 1, end).join('\n')}\n`
    blocks.push({ document, line: index + 2, language: fence[1] as string, code, notRun })
    notRun = undefined
    index = end
  }
  return blocks
}

/** The links of a document to files of the repository; those in code are left out. */
export function linksOf(document: string, text: string): Link[] {
  let isCode = false
  return text.split('\n').flatMap((line, index) => {
    if (line.startsWith('```')) isCode = !isCode
    if (isCode) return []
    return [...line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => (target as string).replace(/#.*$/, ''))
      .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
      .map((target) => ({ document, line: index + 1, target }))
  })
}

/** The names in the first column of the tables whose head begins with `head`; each cell may hold several. */
export function namesInTables(text: string, head: RegExp): string[] {
  const names: string[] = []
  let isWanted = false
  for (const line of text.split('\n')) {
    const cell = /^\|([^|]*)\|/.exec(line)?.[1]
    if (cell === undefined) isWanted = false
    else if (!isWanted) isWanted = head.test(cell.trim())
    else for (const [, name] of cell.matchAll(/`([^`]+)`/g)) names.push(name as string)
  }
  return names
}
