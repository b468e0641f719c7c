import type { Cluster } from '../cluster/cluster.ts'
import { backoffMs } from '../time/backoff.ts'

/** How long a producer waits before it tries again (`retryBackoffMs` to `retryBackoffMaxMs`, KIP-580). Milliseconds. */
export function retryPause(
  { config, runtime }: Pick<Cluster, 'config' | 'runtime'>,
  attempt: number,
): number {
  const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = config
  return backoffMs(attempt, { initialMs, maxMs }, () => runtime.random())
}
