/** SyncGroup. v3 static members, v5 protocol type and name. */
import { SyncGroup } from '@samsa/protocol'
import { refusal } from './11-join-group.ts'
import { code, handler } from './handler.ts'

export const syncGroupHandler = handler(SyncGroup, async (body, { state, node, gone }) => {
  const { groupId, memberId, groupInstanceId, generationId, protocolType, protocolName } = body
  const refused = refusal(groupId, state.coordinatorOf(groupId)?.id === node)
  if (refused ?? !state.groups.get(groupId)) {
    const errorCode = code(refused ?? 'UNKNOWN_MEMBER_ID')
    return { errorCode, protocolType: null, protocolName: null, assignment: new Uint8Array(0) }
  }
  const assignments = body.assignments.map((each) => ({
    memberId: each.memberId,
    assignment: Uint8Array.from(each.assignment),
  }))
  const { error, ...reply } = await state.groups.sync(
    groupId,
    { memberId, groupInstanceId, generationId, protocolType, protocolName, assignments },
    gone,
  )
  return { ...reply, errorCode: code(error) }
})
