/**
 * A shortest cycle of a directed graph within the first strongly connected part that has one; undefined when there is
 * none. Source: R. Tarjan, Depth-first search and linear graph algorithms (1972), without recursion.
 */
export function shortestCycle(edges: readonly (readonly number[])[]): number[] | undefined {
  const part = stronglyConnected(edges)
  if (!part) return undefined
  const inside = new Set(part)
  let best: number[] | undefined
  for (const start of part.slice(0, 200)) {
    const path = wayBack(edges, inside, start)
    if (path && (!best || path.length < best.length)) best = path
  }
  return best
}

/** A strongly connected part of more than one node. */
function stronglyConnected(edges: readonly (readonly number[])[]): number[] | undefined {
  const order = new Int32Array(edges.length).fill(-1)
  const low = new Int32Array(edges.length)
  const isOpen = new Uint8Array(edges.length)
  const open: number[] = []
  let count = 0
  for (let root = 0; root < edges.length; root++) {
    if (order[root] !== -1) continue
    const path: { node: number; next: number }[] = [{ node: root, next: 0 }]
    while (path.length > 0) {
      const step = path[path.length - 1] as { node: number; next: number }
      const { node } = step
      if (step.next === 0) {
        order[node] = low[node] = count++
        open.push(node)
        isOpen[node] = 1
      }
      const to = edges[node]?.[step.next++]
      if (to !== undefined) {
        if (order[to] === -1) path.push({ node: to, next: 0 })
        else if (isOpen[to]) low[node] = Math.min(low[node] as number, order[to] as number)
        continue
      }
      path.pop()
      const parent = path[path.length - 1]
      if (parent) low[parent.node] = Math.min(low[parent.node] as number, low[node] as number)
      if (low[node] !== order[node]) continue
      const part: number[] = []
      for (let each = -1; each !== node; ) {
        each = open.pop() as number
        isOpen[each] = 0
        part.push(each)
      }
      if (part.length > 1) return part
    }
  }
  return undefined
}

/** The shortest way from a node back to itself that stays inside. */
function wayBack(
  edges: readonly (readonly number[])[],
  inside: ReadonlySet<number>,
  start: number,
): number[] | undefined {
  const from = new Map<number, number>()
  let border = [start]
  while (border.length > 0) {
    const next: number[] = []
    for (const node of border) {
      for (const to of edges[node] ?? []) {
        if (to === start) {
          const path = [node]
          for (let at = node; at !== start; ) {
            at = from.get(at) as number
            path.unshift(at)
          }
          return path
        }
        if (!inside.has(to) || from.has(to)) continue
        from.set(to, node)
        next.push(to)
      }
    }
    border = next
  }
  return undefined
}
