import type { Lane } from '../net/lane.ts'

/** Where a request goes, and on which connection. */
export interface Route {
  /**
   * - `any`: whichever broker is least busy.
   * - `controller`: the controller, or any broker while it is unknown (KRaft brokers forward).
   * - `node`: the one that the caller names, since it works for that node (Produce and Fetch drain queues for it).
   * - `leader`: split by who leads the partitions, asked of each, and joined again (split.ts).
   * - `group`, `transaction`, `share`: the coordinator that looks after the key.
   * - `everyBroker`: each of them, and joined.
   */
  to: 'any' | 'controller' | 'node' | 'leader' | CoordinatorType | 'everyBroker'
  lane: Lane
}

/** What coordinators look after. Source: `FindCoordinatorRequest.CoordinatorType`. */
export type CoordinatorType = 'group' | 'transaction' | 'share'

/** By the name of the API. A request that is not named here has no way, and does not compile. */
export const routing = {
  Metadata: { to: 'any', lane: 'main' },
  FindCoordinator: { to: 'any', lane: 'main' },
  /** Without a transactional id; with one it is for the transaction's coordinator. */
  InitProducerId: { to: 'any', lane: 'main' },
  Produce: { to: 'node', lane: 'main' },
  Fetch: { to: 'node', lane: 'fetch' },
  ListOffsets: { to: 'leader', lane: 'main' },
  OffsetForLeaderEpoch: { to: 'leader', lane: 'main' },
  DeleteRecords: { to: 'leader', lane: 'main' },
  JoinGroup: { to: 'group', lane: 'join' },
  SyncGroup: { to: 'group', lane: 'join' },
  Heartbeat: { to: 'group', lane: 'coordinator' },
  /** A join that the coordinator holds back must not hold back whoever gives it up. */
  LeaveGroup: { to: 'group', lane: 'main' },
  OffsetCommit: { to: 'group', lane: 'coordinator' },
  OffsetFetch: { to: 'group', lane: 'coordinator' },
  DescribeGroups: { to: 'group', lane: 'main' },
  DeleteGroups: { to: 'group', lane: 'main' },
  ListGroups: { to: 'everyBroker', lane: 'main' },
  AddPartitionsToTxn: { to: 'transaction', lane: 'coordinator' },
  EndTxn: { to: 'transaction', lane: 'coordinator' },
  CreateTopics: { to: 'controller', lane: 'main' },
  DeleteTopics: { to: 'controller', lane: 'main' },
  CreatePartitions: { to: 'controller', lane: 'main' },
} as const satisfies Record<string, Route>

/** APIs that a client may ask for. */
export type RoutedName = keyof typeof routing

/**
 * The route of an API.
 * @throws Error for one that the table does not name, which is a mistake of this program
 */
export function routeOf(name: string): Route {
  if (!Object.hasOwn(routing, name)) throw new Error(`routing.ts does not say where ${name} goes`)
  return routing[name as RoutedName]
}
