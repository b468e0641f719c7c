/** ListGroups. v4 filters by state, v5 by type. */
import { ListGroups } from '@samsa/protocol'
import { handler } from './handler.ts'

export const listGroupsHandler = handler(ListGroups, ({ statesFilter, typesFilter }, { state, node }) => {
  const ids = new Set([...state.groups.all.map(({ id }) => id), ...state.offsets.groups()])
  const matches = (given: string[], value: string) =>
    given.length === 0 || given.some((each) => each.toLowerCase() === value.toLowerCase())
  const groups = [...ids]
    .filter((id) => state.coordinatorOf(id)?.id === node)
    .map((groupId) => {
      const group = state.groups.get(groupId)
      const protocolType = group?.protocolType ?? ''
      return { groupId, protocolType, groupState: group?.stateName ?? 'Empty', groupType: 'classic' }
    })
    .filter(
      ({ groupState, groupType }) => matches(statesFilter, groupState) && matches(typesFilter, groupType),
    )
  return { errorCode: 0, groups }
})
