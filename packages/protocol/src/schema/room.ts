/** A list that has its size from the beginning is filled twice as fast; the engine keeps very large ones as tables. */
const MOST_ROOM = 1024

/** An empty list of so many places; what it gets is put at its index. */
export function roomFor<T>(count: number): T[] {
  return count > 0 && count <= MOST_ROOM ? new Array(count) : []
}
