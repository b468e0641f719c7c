import type { ExplainOptions, FormatOptions } from '@samsa/protocol'
import type { OptionTable, Values } from '../command.ts'
import { command, exit, UsageError } from '../command.ts'
import type { Terminal } from '../terminal.ts'

const MAX_INPUT_BYTES = 64 * 1024 * 1024

const options = {
  file: { kind: 'text', short: 'f', value: 'FILE', about: 'read the frame from a file: its bytes, or hex' },
  response: {
    kind: 'text',
    short: 'r',
    value: 'API:VERSION',
    about: 'it is a response to such a request, e.g. Metadata:12; without it, it is a request',
  },
  records: { kind: 'flag', about: 'it is record batches, as in a segment of the log, and no frame' },
  client: { kind: 'text', value: 'FILE', about: 'a captured connection: what the client sent' },
  server: { kind: 'text', value: 'FILE', about: 'a captured connection: what the broker sent' },
  width: { kind: 'number', short: 'w', value: 'N', about: 'characters in a line, 60 at least (120)' },
  rows: { kind: 'number', value: 'N', about: 'lines for a frame at most (1000)' },
} as const satisfies OptionTable

type Options = Values<typeof options>

/** `samsa explain`: what the bytes of a frame mean. */
export const explain = command({
  name: 'explain',
  aliases: [],
  summary: 'say what the bytes of a frame mean',
  about: [
    'Shows each field of a Kafka request or response, also of the records in it: where it is, its bytes, its name, its',
    'value. What is broken is explained up to where it breaks. The frame is given as hex, in a file or through a pipe;',
    'a file or pipe may also hold the bytes themselves. Its size, 4 bytes, may be in front. With --client and --server',
    'it takes the two directions of a captured TCP connection and shows requests with their responses.',
    'It exits with 1 when something is broken.',
  ].join('\n'),
  options,
  words: 'HEX...',
  examples: [
    { line: 'samsa explain 0012 0003 00000001 0002 6d65 00 02 61 02 62 00', about: 'an ApiVersions request' },
    { line: 'samsa explain --response ApiVersions:0 00000001 0023 00000000', about: 'a response' },
  ],
  run: async ({ options: given, words, terminal }) => {
    const table = { width: given.width, maxRows: given.rows }
    const limits = Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined))
    return (await isWhole(given, words, terminal, limits)) ? exit.done : exit.failed
  },
})

/** Prints what was asked for; whether all of it could be read. */
async function isWhole(
  given: Options,
  words: readonly string[],
  terminal: Terminal,
  table: FormatOptions,
): Promise<boolean> {
  const protocol = await import('@samsa/protocol')
  if (given.client !== undefined || given.server !== undefined)
    return explainCapture(given, words, terminal, table)
  const settings = await settingsOf(given)
  const bytes = await inputOf(given, words, terminal)
  if (terminal.stopped.aborted) return true
  const explained = given.records ? protocol.explainRecords(bytes) : protocol.explain(bytes, settings)
  terminal.out(protocol.format(explained, table))
  return explained.error === undefined
}

async function explainCapture(
  { client, server, file, response, records }: Options,
  words: readonly string[],
  terminal: Terminal,
  table: FormatOptions,
): Promise<boolean> {
  if (file !== undefined || response !== undefined || records || words.length > 0)
    throw new UsageError('--client and --server take a whole connection; give no frame beside them')
  const { explainStream, format } = await import('@samsa/protocol')
  const direction = async (name: string | undefined) =>
    name === undefined ? [] : [bytesOf(await terminal.read(name, MAX_INPUT_BYTES))]
  let isWhole = true
  const capture = { client: await direction(client), server: await direction(server) }
  for (const item of explainStream(capture)) {
    if (terminal.stopped.aborted) break
    terminal.out(`${format(item, table)}\n`)
    if (item.kind === 'unreadable' || item.request?.error || item.response?.error) isWhole = false
  }
  return isWhole
}

/** `Metadata:12`, `3:12`, `Metadata v12`. */
async function settingsOf({ response, records }: Options): Promise<ExplainOptions> {
  if (response === undefined) return {}
  if (records) throw new UsageError('--records is no frame, so --response says nothing of it')
  const [, name = '', version] = /^(\w+?)(?::v?| +v?)(\d{1,5})$/.exec(response) ?? []
  if (version === undefined)
    throw new UsageError(`--response needs API:VERSION, e.g. Metadata:12, not ${JSON.stringify(response)}`)
  const { apiNamed, apiOf, knownApis } = await import('@samsa/protocol')
  const api = /^\d+$/.test(name) ? apiOf(Number(name)) : apiNamed(name)
  if (api) return { response: { api, version: Number(version) } }
  throw new UsageError(`there is no API ${name}`, { word: name, known: knownApis.map((each) => each.name) })
}

async function inputOf({ file }: Options, words: readonly string[], terminal: Terminal): Promise<Uint8Array> {
  if (words.length === 0) return bytesOf(await terminal.read(file, MAX_INPUT_BYTES))
  if (file !== undefined) throw new UsageError('give the frame as hex or in a file, not both')
  const bytes = hexBytes(words.join(''))
  if (bytes) return bytes
  throw new UsageError(`${JSON.stringify(words.join(' ').slice(0, 40))} is no hex: two digits for each byte`)
}

/** Text in hex is what it says; anything else is the bytes themselves. */
function bytesOf(content: Uint8Array): Uint8Array {
  return hexBytes(Buffer.from(content).toString('latin1')) ?? content
}

/** Spaces, line ends, colons and a leading 0x are passed over; undefined when it is no hex. */
function hexBytes(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/[\s:]/g, '').replace(/^0x/, '')
  return digits.length > 0 && digits.length % 2 === 0 && /^[\da-f]+$/i.test(digits)
    ? Buffer.from(digits, 'hex')
    : undefined
}
