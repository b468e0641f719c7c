import type { FaultRule } from '../../proxy/fault.ts'
import { usualLoad } from '../load.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

/** What clients of this load ask for. */
const apis = [
  ...['ApiVersions', 'Metadata', 'InitProducerId', 'Produce', 'Fetch', 'ListOffsets', 'FindCoordinator'],
  ...['JoinGroup', 'SyncGroup', 'Heartbeat', 'LeaveGroup', 'OffsetCommit', 'OffsetFetch'],
] as const
const ways = ['answer dropped', 'cut after half of the request', 'cut after the whole request'] as const
const MOST_NTH = 5
/** A case that nothing meets in this time is given up; some requests are only made once in a life. */
const CASE_LIMIT_MS = 4_000

interface Case {
  readonly api: string
  readonly way: (typeof ways)[number]
  readonly nth: number
}

/** Outcomes that a client cannot know. */
export const ct07: Row = {
  id: 'CT-07',
  title: 'of each API the 1st to 5th answer is lost, or the connection is cut in or behind the request',
  topic: { partitions: 12 },
  load: usualLoad.map((plan) => ({ ...plan, options: { requestTimeoutMs: 5_000, ...plan.options } })),
  isProxied: true,
  faults: async (stage) => {
    const cases: Case[] = apis.flatMap((api) =>
      ways.flatMap((way) => Array.from({ length: MOST_NTH }, (_, index) => ({ api, way, nth: index + 1 }))),
    )
    let left: Case[] = []
    while (!stage.isOver) {
      if (left.length === 0) left = stage.shuffled(cases)
      await carryOut(stage, left.pop() as Case)
    }
  },
}

async function carryOut(stage: Stage, { api, way, nth }: Case): Promise<void> {
  const end = stage.inject(ruleOf(api, way, nth), `${api}, number ${nth}: ${way}`)
  // What is asked seldom is asked anew on a new connection.
  if (api === 'ApiVersions' || api === 'Metadata') for (const proxy of stage.proxies) proxy.cutAll()
  await stage.sleep(CASE_LIMIT_MS)
  end()
}

function ruleOf(api: string, way: Case['way'], nth: number): FaultRule {
  if (way === 'answer dropped') return { api, nth, action: 'drop', next: 'reset' }
  return { api, nth, action: 'cut', at: way === 'cut after the whole request' ? 'end' : 'half', how: 'reset' }
}
