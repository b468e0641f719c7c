/** LeaveGroup. v3 several members, by member id or by instance id alone. */
import { LeaveGroup } from '@samsa/protocol'
import { refusal } from './11-join-group.ts'
import { code, handler } from './handler.ts'

export const leaveGroupHandler = handler(LeaveGroup, (body, { state, node, version }) => {
  const { groupId } = body
  const refused = refusal(groupId, state.coordinatorOf(groupId)?.id === node)
  if (refused) return { errorCode: code(refused), members: [] }
  if (version < 3) return { errorCode: code(state.groups.leave(groupId, body.memberId, null)), members: [] }
  const members = body.members.map(({ memberId, groupInstanceId }) => ({
    memberId,
    groupInstanceId,
    errorCode: code(state.groups.leave(groupId, memberId, groupInstanceId)),
  }))
  return { errorCode: 0, members }
})
