import { createReadStream } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { UsageError } from './command.ts'
import { run } from './run.ts'
import { stopOnSignals } from './stop-on-signals.ts'
import type { Terminal } from './terminal.ts'
import { wantsColour } from './terminal.ts'

const stop = new AbortController()
stopOnSignals(stop, {
  on: (signal, listener) => void process.on(signal, listener),
  after: (ms, fire) => void setTimeout(fire, ms).unref(),
  exit: (code, why) => {
    if (why) process.stderr.write(`error: ${why}\n`)
    process.exit(code)
  },
})

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  read,
  outIsColoured: wantsColour(process.stdout.isTTY, process.env),
  errIsColoured: wantsColour(process.stderr.isTTY, process.env),
  stopped: stop.signal,
}

// Whoever read our output has gone (`samsa ... | head`): there is nobody to write for, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.exitCode = 1
  stop.abort()
})
// Nobody reads our problems: then they are lost, but the work goes on.
process.stderr.on('error', () => {})

run(process.argv.slice(2), terminal).then((code) => {
  process.exitCode ??= code
})

async function read(file: string | undefined, maxBytes: number): Promise<Uint8Array> {
  if (file === undefined && process.stdin.isTTY)
    throw new UsageError('there is nothing to read: nothing is piped in')
  const source = file === undefined ? process.stdin : createReadStream(file)
  const chunks: Buffer[] = []
  let size = 0
  addAbortSignal(stop.signal, source)
  try {
    for await (const chunk of source) {
      size += (chunk as Buffer).length
      if (size > maxBytes) throw new UsageError(`there is more to read than ${maxBytes} bytes`)
      chunks.push(chunk as Buffer)
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
    return new Uint8Array(0)
  }
  return Buffer.concat(chunks)
}
