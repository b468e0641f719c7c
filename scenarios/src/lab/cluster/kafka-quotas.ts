import { AlterClientQuotas, DescribeClientQuotas } from '@samsa/protocol'
import type { Admin } from './admin.ts'
import type { ControlledNode, Quota } from './controlled-cluster.ts'
import { waitUntil } from './wait-until.ts'

const LIMIT_MS = 30_000
const LOOK_LIMIT_MS = 5_000
const match = { exact: 0, default: 1 } as const
/** Names of ours and of Kafka. */
const rates = {
  producerByteRate: 'producer_byte_rate',
  consumerByteRate: 'consumer_byte_rate',
  requestPercentage: 'request_percentage',
} as const

/** Sets or removes a quota and waits until the nodes have taken it over. */
export async function setKafkaQuota(
  admin: Admin,
  nodes: readonly ControlledNode[],
  quota: Quota,
): Promise<void> {
  const entity = entityOf(quota)
  const wanted = wantedOf(quota)
  const ops = [...wanted].map(([key, value]) => ({ key, value: value ?? 0, remove: value === null }))
  await admin.ask(AlterClientQuotas, { entries: [{ entity, ops }], validateOnly: false })
  await waitUntil('the quota is in force', LIMIT_MS, async () => {
    for (const { id } of nodes) {
      const found = await quotaOf(admin, id, entity)
      for (const [key, value] of wanted) {
        const now = found.get(key) ?? null
        if (now !== value) return `node ${id} has ${key} ${now}`
      }
    }
    return undefined
  })
}

type Entity = readonly { readonly entityType: string; readonly entityName: string | null }[]

function entityOf({ user, clientId }: Quota): Entity {
  const entity: { entityType: string; entityName: string | null }[] = []
  if (user !== undefined) entity.push({ entityType: 'user', entityName: user })
  if (clientId !== undefined) entity.push({ entityType: 'client-id', entityName: clientId })
  if (entity.length === 0) throw new Error('a quota needs a user or a client id')
  return entity
}

function wantedOf(quota: Quota): Map<string, number | null> {
  const wanted = new Map<string, number | null>()
  for (const [name, key] of Object.entries(rates) as [keyof typeof rates, string][]) {
    const value = quota[name]
    if (value !== undefined) wanted.set(key, value)
  }
  if (wanted.size === 0) throw new Error(`a quota needs one of ${Object.keys(rates).join(', ')}`)
  return wanted
}

async function quotaOf(admin: Admin, node: number, entity: Entity): Promise<Map<string, number>> {
  const components = entity.map(({ entityType, entityName }) => ({
    entityType,
    matchType: entityName === null ? match.default : match.exact,
    match: entityName,
  }))
  const { entries } = await admin.ask(
    DescribeClientQuotas,
    { components, strict: true },
    { node, limitMs: LOOK_LIMIT_MS },
  )
  return new Map(entries?.flatMap(({ values }) => values.map(({ key, value }) => [key, value] as const)))
}
