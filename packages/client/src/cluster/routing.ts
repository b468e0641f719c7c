import type { Lane } from '../net/lane.ts'

/** Where each request goes, as data, and on which connection. */
export interface Route {
  /**
   * `any`: whichever broker is least busy. `controller`: the controller, or any broker while it is unknown (KRaft
   * brokers forward). `leader`: the caller names the node that leads the partitions. `coordinator`: the node that
   * looks after the key.
   */
  to: 'any' | 'controller' | 'leader' | 'group' | 'transaction'
  lane: Lane
}

const any: Route = { to: 'any', lane: 'main' }
const controller: Route = { to: 'controller', lane: 'main' }
const leader: Route = { to: 'leader', lane: 'main' }
const group: Route = { to: 'group', lane: 'coordinator' }
const join: Route = { to: 'group', lane: 'join' }
const transaction: Route = { to: 'transaction', lane: 'coordinator' }

const routing: Readonly<Record<string, Route>> = {
  Metadata: any,
  FindCoordinator: any,
  InitProducerId: any,
  Produce: leader,
  Fetch: { to: 'leader', lane: 'fetch' },
  ListOffsets: leader,
  OffsetForLeaderEpoch: leader,
  DeleteRecords: leader,
  JoinGroup: join,
  SyncGroup: join,
  Heartbeat: group,
  // A join that the coordinator holds back must not hold back whoever gives it up.
  LeaveGroup: { to: 'group', lane: 'main' },
  OffsetCommit: group,
  OffsetFetch: group,
  DescribeGroups: group,
  DeleteGroups: group,
  AddPartitionsToTxn: transaction,
  EndTxn: transaction,
  CreateTopics: controller,
  DeleteTopics: controller,
  CreatePartitions: controller,
}

/** The route of an API; one that the table does not name may go to any broker. */
export function routeOf(api: string): Route {
  return routing[api] ?? any
}
