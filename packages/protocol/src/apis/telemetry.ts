import { api, array, boolean, bytes, int8, int16, int32, string, uuid } from '../schema/schema.ts'

/** Which metrics a broker wants from clients (KIP-714). */
export const GetTelemetrySubscriptions = api(
  71,
  'GetTelemetrySubscriptions',
  { versions: [0, 0], flexible: 0 },
  {
    clientInstanceId: uuid,
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    clientInstanceId: uuid,
    subscriptionId: int32,
    acceptedCompressionTypes: array(int8),
    pushIntervalMs: int32,
    telemetryMaxBytes: int32,
    deltaTemporality: boolean,
    requestedMetrics: array(string),
  },
)

/** Metrics of a client (KIP-714). */
export const PushTelemetry = api(
  72,
  'PushTelemetry',
  { versions: [0, 0], flexible: 0 },
  {
    clientInstanceId: uuid,
    subscriptionId: int32,
    terminating: boolean,
    compressionType: int8,
    metrics: bytes,
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
  },
)
