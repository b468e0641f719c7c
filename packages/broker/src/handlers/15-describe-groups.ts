/** DescribeGroups. v3 authorized operations, v4 static members, v6 says that a group does not exist. */
import { DescribeGroups } from '@samsa/protocol'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'

const NOT_ASKED = -2_147_483_648
const nothing = new Uint8Array(0)

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
  // What members subscribe to and have is only told while nothing moves. Source: `ClassicGroup.describe`.
  const { stateName: groupState, protocolType, protocolName } = group
  const isStable = groupState === 'Stable'
  const members = group.members.all.map(
    ({ id, instanceId, clientId, clientHost, protocols, assignment }) => ({
      memberId: id,
      groupInstanceId: instanceId,
      clientId,
      clientHost,
      memberMetadata: (isStable && protocols.find(({ name }) => name === protocolName)?.metadata) || nothing,
      memberAssignment: isStable ? assignment : nothing,
    }),
  )
  return {
    ...unknown,
    errorCode: 0,
    groupState,
    protocolType: protocolType ?? '',
    protocolData: isStable ? (protocolName ?? '') : '',
    members,
  }
}
