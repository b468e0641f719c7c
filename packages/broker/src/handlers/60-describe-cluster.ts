/** DescribeCluster. v1 endpoint type, v2 fenced brokers. */
import { DescribeCluster } from '@samsa/protocol'
import { authorizedOperations } from './authorized-operations.ts'
import { code, handler } from './handler.ts'

const BROKERS = 1
const CONTROLLERS = 2

export const describeClusterHandler = handler(DescribeCluster, (body, { state }) => {
  const { endpointType, includeClusterAuthorizedOperations } = body
  if (endpointType !== BROKERS) {
    const error = endpointType === CONTROLLERS ? 'MISMATCHED_ENDPOINT_TYPE' : 'UNSUPPORTED_ENDPOINT_TYPE'
    const errorMessage = `This is an endpoint of brokers (${BROKERS}), not of type ${endpointType}.`
    return { errorCode: code(error), errorMessage, clusterId: '', brokers: [] }
  }
  return {
    errorCode: 0,
    errorMessage: null,
    endpointType: BROKERS,
    clusterId: state.topics.clusterId,
    controllerId: state.upNodes[0]?.id ?? -1,
    brokers: state.upNodes.map(({ id: brokerId, host, port }) => ({
      brokerId,
      host,
      port,
      rack: null,
      isFenced: false,
    })),
    clusterAuthorizedOperations: authorizedOperations('cluster', includeClusterAuthorizedOperations),
  }
})
