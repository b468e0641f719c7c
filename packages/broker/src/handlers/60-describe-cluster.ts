/** DescribeCluster. v1 endpoint type, v2 fenced brokers. */
import { DescribeCluster } from '@samsa/protocol'
import { code, handler } from './handler.ts'

const BROKERS = 1

export const describeClusterHandler = handler(DescribeCluster, ({ endpointType }, { state }) => {
  const isForUs = endpointType === BROKERS
  return {
    errorCode: isForUs ? 0 : code('UNSUPPORTED_ENDPOINT_TYPE'),
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
  }
})
