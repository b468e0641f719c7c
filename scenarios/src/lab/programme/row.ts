import type { Code } from '../checker/anomalies.ts'
import type { Mode } from '../checker/mode.ts'
import type { DriverPlan } from './load.ts'
import type { ClusterKind } from './order.ts'
import type { Stage } from './stage.ts'

/** One row of the test programme: a load, what is done to it, and what must hold all the same. */
export interface Row {
  /** As research and ledger call it, e.g. `CT-01`. */
  readonly id: string
  readonly title: string
  /** Where it can be run. Default both. */
  readonly clusters?: readonly ClusterKind[]
  /** Settings of the nodes beside the usual ones, in the names of server.properties; Apache Kafka only. */
  readonly overrides?: Readonly<Record<string, string>>
  /** Levels of the cluster's features that are not the release's own; Apache Kafka only. */
  readonly features?: Readonly<Record<string, number>>
  readonly topic: TopicPlan
  /** A second topic, which copiers write to. */
  readonly target?: TopicPlan
  readonly load: readonly DriverPlan[]
  /** Each driver reaches the brokers through a proxy of its own. Default false. */
  readonly isProxied?: boolean
  /** How long the load goes on after healing, so that progress can be seen. Default 10 s. */
  readonly afterHealingMs?: number
  /** What is asked of the clients beside the defaults. */
  readonly mode?: Partial<Mode>
  /** Makes faults until `stage.isOver`, and heals each; what is left is healed afterwards. */
  faults(stage: Stage): Promise<void>
  /** A positive control: it has to find one of these, or the judge is blind. */
  readonly mustFind?: readonly Code[]
}

/** How a topic is made. */
export interface TopicPlan {
  readonly partitions: number
  readonly replicationFactor?: number
  readonly configs?: Readonly<Record<string, string>>
}
