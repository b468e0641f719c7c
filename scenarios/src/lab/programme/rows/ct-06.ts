import type { FaultRule } from '../../proxy/fault.ts'
import { usualLoad } from '../load.ts'
import type { Row } from '../row.ts'

/** Ways in which a connection can be dead without anybody saying so. */
const silences: readonly { readonly rule: FaultRule; readonly text: string }[] = [
  { rule: { action: 'blackHole' }, text: 'both ways swallowed' },
  { rule: { action: 'blackHole', direction: 'request' }, text: 'requests swallowed' },
  { rule: { action: 'blackHole', direction: 'response' }, text: 'answers swallowed' },
  {
    rule: { action: 'forget', direction: 'request', afterBytes: 200 },
    text: 'the peer forgets the connection',
  },
  { rule: { action: 'silent' }, text: 'accepted, then silence' },
  { rule: { action: 'refuse' }, text: 'connecting refused' },
  { rule: { action: 'halfClose', direction: 'response', afterBytes: 2_000 }, text: 'half closed' },
  { rule: { action: 'reset', api: 'ApiVersions' }, text: 'reset in the middle of ApiVersions' },
  { rule: { action: 'stall', direction: 'response', afterBytes: 1_000 }, text: 'answers stall' },
]

/** Networks that fall silent: for one broker of three, the others go on. */
export const ct06: Row = {
  id: 'CT-06',
  title: 'connections to one broker fall silent in nine ways, for 5 to 20 s each',
  topic: { partitions: 12 },
  load: usualLoad.map((plan) => ({ ...plan, options: { requestTimeoutMs: 5_000, ...plan.options } })),
  isProxied: true,
  faults: async (stage) => {
    const addresses = stage.cluster.bootstrapServers.split(',')
    let left: (typeof silences)[number][] = []
    while (!stage.isOver) {
      if (left.length === 0) left = stage.shuffled(silences)
      const { rule, text } = left.pop() as (typeof silences)[number]
      const address = stage.random.pick(addresses)
      const end = stage.inject({ ...rule, address }, `${text}, broker at ${address}`)
      // Faults of listeners only meet new connections.
      if (rule.action === 'silent' || rule.action === 'reset')
        for (const proxy of stage.proxies) proxy.cutAll()
      await stage.sleep([5_000, 20_000])
      end()
      await stage.sleep([2_000, 6_000])
    }
  },
}
