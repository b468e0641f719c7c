/** DescribeGroups. v3 authorized operations, v4 static members, v6 says that a group does not exist. */
import { DescribeGroups } from '@samsa/protocol'
import { authorizedOperations } from './authorized-operations.ts'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'

const nothing = new Uint8Array(0)

export const describeGroupsHandler = handler(DescribeGroups, (body, context) => ({
  groups: body.groups.map((groupId) => described(groupId, body.includeAuthorizedOperations, context)),
}))

function described(groupId: string, isAsked: boolean, { state, node, version }: RequestContext) {
  const dead = { groupId, groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
  if (state.coordinatorOf(groupId)?.id !== node) return { ...dead, errorCode: code('NOT_COORDINATOR') }
  const operations = version >= 3 ? { authorizedOperations: authorizedOperations('group', isAsked) } : {}
  const group = state.groups.get(groupId)
  if (!group) {
    const hasOffsets = !state.offsets.of(groupId).next().done
    if (hasOffsets) return { ...dead, ...operations, errorCode: 0, groupState: 'Empty' }
    if (version < 6) return { ...dead, ...operations, errorCode: 0 }
    return { ...dead, errorCode: code('GROUP_ID_NOT_FOUND'), errorMessage: `Group ${groupId} not found.` }
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
    ...dead,
    ...operations,
    errorCode: 0,
    groupState,
    protocolType: protocolType ?? '',
    protocolData: isStable ? (protocolName ?? '') : '',
    members,
  }
}
