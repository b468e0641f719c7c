import type { Api, ExplainedBytes } from '@samsa/protocol'
import * as protocol from '@samsa/protocol'
import { Finding } from './oracle.ts'
import type { Target } from './targets.ts'

/** Small, so that explaining stays cheap; what is beyond is an error that `explained.error` tells. */
const LIMITS = { maxPieces: 2_000, maxDecompressedBytes: 256 * 1024 }

/** Every byte must be in one piece, in what is unpacked too. */
function assertCovered({ bytes, pieces }: ExplainedBytes): void {
  let at = 0
  for (const { start, end, unpacked, path } of pieces) {
    if (start !== at || end < start) throw new Finding(`a gap before ${path}`)
    if (unpacked) assertCovered(unpacked)
    at = end
  }
  if (at !== bytes.length) throw new Finding('the end is not explained')
}

/** Explaining never throws, whatever the bytes are. */
function explainTarget(name: string, run: (bytes: Buffer) => void): Target {
  return { kind: 'explain', name: `explain:${name}`, run, isExpected: () => false }
}

/** The target that explains the answers of an API in a version. */
export function explainedResponse(api: Api, version: number): string {
  return `explain:${api.name}@${version}`
}

/** Of each API one version, the newest: they differ in what is declared, not in how it is explained. */
export function explainTargets(apis: Iterable<Api>): Target[] {
  return [
    explainTarget('request', (bytes) => {
      const explained = protocol.explain(bytes, LIMITS)
      assertCovered(explained)
      protocol.format({ ...explained, pieces: explained.pieces.slice(0, 100) }, { width: 80 })
    }),
    explainTarget('records', (bytes) => assertCovered(protocol.explainRecords(bytes, LIMITS))),
    explainTarget('stream', (bytes) => {
      const half = bytes.length >> 1
      const capture = { client: [bytes.subarray(0, half)], server: [bytes.subarray(half)] }
      for (const _ of protocol.explainStream(capture, LIMITS));
      for (const _ of protocol.explainStream({ client: [bytes], server: [bytes] }, LIMITS));
    }),
    ...[...apis].map((api) =>
      explainTarget(`${api.name}@${api.maxVersion}`, (bytes) =>
        assertCovered(protocol.explain(bytes, { ...LIMITS, response: { api, version: api.maxVersion } })),
      ),
    ),
  ]
}
