import { accessSync, constants, createReadStream, statSync } from 'node:fs'

const LINE_FEED = 10
const CHUNK_BYTES = 1024 * 1024
/** A longer line is left out: brokers bound what a request and a record may have. */
export const LINE_LIMIT_BYTES = 20 * 1024 * 1024
/** What a message takes besides its line, roughly; so that lines without a byte count too. */
const MESSAGE_BYTES = 64
/** More is not repeated only to fill the time. */
const ENOUGH_BYTES = 64 * 1024 * 1024

/** What stands between two line feeds, as bytes: a file need not be text. */
export interface Chunk {
  lines: Buffer[]
  /** Lines that were left out because they are longer than the limit. */
  tooLong: number
}

/** @throws Error in plain words when there is nothing to read */
export function checkFile(path: string): void {
  let why: string | undefined
  try {
    accessSync(path, constants.R_OK)
    const found = statSync(path)
    why = found.isDirectory()
      ? 'it is a directory'
      : found.isFile() && found.size === 0
        ? 'it is empty'
        : undefined
  } catch (error) {
    why = reason(error as NodeJS.ErrnoException)
  }
  if (why) throw new Error(`cannot send ${path}: ${why}; usage: npm start -- FILE`)
}

/**
 * The lines of a file, a mebibyte at a time, so that a large file needs no memory. What follows the last line feed is a
 * line too, if it is not empty.
 */
export async function* linesOf(path: string): AsyncGenerator<Chunk> {
  let begun: Buffer[] = []
  let begunBytes = 0
  const finish = (rest: Buffer, chunk: Chunk): void => {
    if (begunBytes + rest.length > LINE_LIMIT_BYTES) chunk.tooLong++
    else chunk.lines.push(begun.length === 0 ? rest : Buffer.concat([...begun, rest]))
    begun = []
    begunBytes = 0
  }
  try {
    for await (const bytes of createReadStream(path, {
      highWaterMark: CHUNK_BYTES,
    }) as AsyncIterable<Buffer>) {
      const chunk: Chunk = { lines: [], tooLong: 0 }
      let start = 0
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
        finish(bytes.subarray(start, end), chunk)
        start = end + 1
      }
      // Of a line that is too long already nothing more is kept.
      if (begunBytes <= LINE_LIMIT_BYTES) begun.push(bytes.subarray(start))
      begunBytes += bytes.length - start
      if (begunBytes === 0) begun = []
      yield chunk
    }
  } catch (error) {
    throw new Error(
      `cannot read ${path}: ${reason(error as NodeJS.ErrnoException)}; usage: npm start -- FILE`,
    )
  }
  const last: Chunk = { lines: [], tooLong: 0 }
  if (begunBytes > 0) finish(Buffer.alloc(0), last)
  yield last
}

/** The lines of a small file over and over, a mebibyte at a time, until so much time is over. */
export async function* linesAgain(path: string, forMs: number): AsyncGenerator<Chunk> {
  const once: Buffer[] = []
  for await (const { lines } of linesOf(path)) for (const line of lines) once.push(line)
  const bytes = once.reduce((sum, line) => sum + line.length + MESSAGE_BYTES, 0)
  const lines = Array.from({ length: Math.ceil(CHUNK_BYTES / bytes) }, () => once).flat()
  const most = Math.ceil((ENOUGH_BYTES * once.length) / (bytes * lines.length))
  const end = performance.now() + forMs
  for (let count = 0; count < most && performance.now() < end; count++) yield { lines, tooLong: 0 }
}

function reason({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'you may not read it'
  return message
}
