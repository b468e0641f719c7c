const undos = new Set<() => void>()

/** How shells show an end by these signals. */
const codes = { SIGTERM: 143, SIGINT: 130 } as const

/**
 * Has something undone when this process ends, also when a runner gives up and ends it by SIGTERM: processes, mounts
 * and the like must not outlive a test. What is undone must not wait: it happens while the process exits.
 * @returns takes it back, once it was undone in order
 */
export function atTheEnd(undo: () => void): () => void {
  if (undos.size === 0) {
    process.on('exit', undoAll)
    process.on('SIGTERM', endByTerm)
    process.on('SIGINT', endByInt)
  }
  undos.add(undo)
  return () => {
    undos.delete(undo)
    if (undos.size > 0) return
    process.removeListener('exit', undoAll)
    process.removeListener('SIGTERM', endByTerm)
    process.removeListener('SIGINT', endByInt)
  }
}

/** The last comes first: a disk is mounted before the process that writes to it is started. */
function undoAll(): void {
  for (const undo of [...undos].reverse()) {
    undos.delete(undo)
    try {
      undo()
    } catch (error) {
      console.error(`cleaning up failed: ${(error as Error).message}`)
    }
  }
}

function endByTerm(): void {
  process.exit(codes.SIGTERM)
}

function endByInt(): void {
  process.exit(codes.SIGINT)
}
