/** A public declaration, as `declarationsOf` writes it: at the beginning of a line. */
const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:class|interface|type|const|let|function|enum) ([\w$]+)/

/**
 * The public declarations that no docstring explains, by their module and name. Of several overloads one must have it.
 * @param text what `declarationsOf` gives
 */
export function undocumented(text: string): string[] {
  const found = new Map<string, boolean>()
  let module = ''
  let before = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('// ')) module = line.slice(3)
    const name = DECLARATION.exec(line)?.[1]
    if (name !== undefined) {
      const key = `${module}: ${name}`
      found.set(key, (found.get(key) ?? false) || before.endsWith('*/'))
    }
    if (line.trim() !== '') before = line
  }
  return [...found].flatMap(([key, isExplained]) => (isExplained ? [] : [key]))
}
