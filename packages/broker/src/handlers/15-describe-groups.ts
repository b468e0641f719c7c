/** DescribeGroups. v3 authorized operations, v4 static members, v6 says that a group does not exist. */
import { DescribeGroups } from '@samsa/protocol'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'

const NOT_ASKED = -2_147_483_648

export const describeGroupsHandler = handler(DescribeGroups, ({ groups }, context) => ({
  groups: groups.map((groupId) => described(groupId, context)),
}))

function described(groupId: string, { state, node, version }: RequestContext) {
  const unknown = {
    groupId,
    groupState: 'Dead',
    protocolType: '',
    protocolData: '',
    members: [],
    authorizedOperations: NOT_ASKED,
  }
  if (state.coordinatorOf(groupId)?.id !== node) return { ...unknown, errorCode: code('NOT_COORDINATOR') }
  const group = state.groups.get(groupId)
  if (!group) {
    const hasOffsets = !state.offsets.of(groupId).next().done
    if (hasOffsets) return { ...unknown, errorCode: 0, groupState: 'Empty' }
    if (version < 6) return { ...unknown, errorCode: 0 }
    return { ...unknown, errorCode: code('GROUP_ID_NOT_FOUND'), errorMessage: `Group ${groupId} not found.` }
  }
  const members = [...group.members.values()].map((member) => ({
    memberId: member.id,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata:
      member.protocols.find(({ name }) => name === group.protocolName)?.metadata ?? new Uint8Array(0),
    memberAssignment: member.assignment,
  }))
  const { stateName: groupState, protocolType, protocolName } = group
  return {
    ...unknown,
    errorCode: 0,
    groupState,
    protocolType: protocolType ?? '',
    protocolData: protocolName ?? '',
    members,
  }
}
