/** Heartbeat of classic groups. v3 static members. */
import { Heartbeat } from '@samsa/protocol'
import { refusal } from './11-join-group.ts'
import { code, handler } from './handler.ts'

export const heartbeatHandler = handler(Heartbeat, (body, { state, node }) => {
  const { groupId, memberId, groupInstanceId, generationId } = body
  const refused = refusal(groupId, state.coordinatorOf(groupId)?.id === node)
  return {
    errorCode: code(refused ?? state.groups.heartbeat(groupId, memberId, groupInstanceId, generationId)),
  }
})
