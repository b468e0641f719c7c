import * as apis from './apis/index.ts'
import { RequestHeader, ResponseHeader } from './frame.ts'
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from './group-protocol.ts'
import * as internal from './internal/index.ts'
import type { Api, Message, Shape } from './schema/schema.ts'

/** For tests only: every API that is declared. */
export const declaredApis: readonly Api[] = Object.values(apis) as unknown as Api[]

/** For tests only: every message that is declared, by its name. */
export const declaredMessages: ReadonlyMap<string, Message<Shape>> = new Map(
  [
    ...declaredApis.flatMap(({ request, response }) => [request, response]),
    ...Object.values(internal.internalRecords).flatMap((kinds) =>
      (Object.values(kinds) as unknown as internal.RecordKind[]).flatMap(({ key, value }) => [key, value]),
    ),
    RequestHeader,
    ResponseHeader,
    ConsumerProtocolSubscription,
    ConsumerProtocolAssignment,
    internal.ControlRecordTypeSchema,
    internal.EndTxnMarker,
    internal.LeaderChangeMessage,
    internal.SnapshotHeaderRecord,
    internal.SnapshotFooterRecord,
    internal.KRaftVersionRecord,
    internal.VotersRecord,
    internal.DefaultPrincipalData,
    internal.ProducerSnapshot,
  ].map((message) => [message.name, message as unknown as Message<Shape>]),
)
