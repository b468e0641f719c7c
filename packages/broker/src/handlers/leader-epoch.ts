/** Judges the leader epoch that a client believes in; -1 asks for no check (KIP-320). */
export function epochProblem(asked: number, current: number): string | undefined {
  if (asked < 0 || asked === current) return undefined
  return asked < current ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH'
}
