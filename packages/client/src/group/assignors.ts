import type { Assignor } from '@samsa/protocol'
import { range, roundRobin, sticky } from '@samsa/protocol'

/**
 * What `partitionAssignmentStrategy` may name, by the names that go over the wire. All are for the eager protocol, in
 * which members give everything back before they join.
 */
export const assignors: Readonly<Record<string, Assignor>> = { range, roundrobin: roundRobin, sticky }
