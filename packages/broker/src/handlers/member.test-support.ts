import type { Request } from '@samsa/protocol'
import { JoinGroup, SyncGroup } from '@samsa/protocol'
import type { RawClient, Stage } from '../raw-client.test-support.ts'
import { code } from './handler.ts'

/** A JoinGroup request of a new dynamic member; what is given replaces its fields. */
export function joining(given: Partial<Request<typeof JoinGroup>> = {}): Request<typeof JoinGroup> {
  return {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 20_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('subscription') }],
    ...given,
  }
}

export interface Member {
  client: RawClient
  memberId: string
  generationId: number
}

/** The one member of a group that is stable: it has joined and given itself an assignment. */
export async function soleMember(
  stage: Stage,
  given: Partial<Request<typeof JoinGroup>> = {},
  node = 1,
): Promise<Member> {
  const client = stage.connect(node)
  const first = await stage.settled(client.ask(JoinGroup, 5, joining(given)))
  const { memberId, generationId } =
    first.errorCode === code('MEMBER_ID_REQUIRED')
      ? await stage.settled(client.ask(JoinGroup, 5, joining({ ...given, memberId: first.memberId })))
      : first
  await assign(stage, { client, memberId, generationId }, given)
  return { client, memberId, generationId }
}

/** A leader gives itself everything. */
export async function assign(
  stage: Stage,
  { client, memberId, generationId }: Member,
  { groupId = 'g', groupInstanceId = null }: Partial<Request<typeof JoinGroup>> = {},
): Promise<void> {
  const assignments = [{ memberId, assignment: Buffer.from('everything') }]
  const body = { groupId, generationId, memberId, groupInstanceId, assignments }
  const { errorCode } = await stage.settled(client.ask(SyncGroup, 3, body))
  if (errorCode !== 0) throw new Error(`SyncGroup was refused with ${errorCode}`)
}
