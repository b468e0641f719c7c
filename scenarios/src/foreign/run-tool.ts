import { spawn } from 'node:child_process'

const MOST_OUTPUT = 2 ** 28
/** How much of what a failed program said goes into the error. */
const MOST_SHOWN = 10_000

/**
 * Runs a program to its end and gives what it printed; its complaints are in the error. It does not hold up the
 * event loop: the broker that the program talks to may live in this very process.
 */
export function runTool(
  command: string,
  args: readonly string[],
  input?: string,
  timeoutMs = 120_000,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env })
    const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    const output: Buffer[] = []
    const complaints: Buffer[] = []
    let size = 0
    child.stdout.on('data', (chunk: Buffer) => {
      output.push(chunk)
      size += chunk.length
      if (size > MOST_OUTPUT) child.kill('SIGKILL')
    })
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
    // A program that ends before it has read its input closes the pipe; its exit code says what happened.
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
    child.once('error', (error) => {
      clearTimeout(limit)
      reject(new Error(`${command} could not be started: ${error.message}`))
    })
    child.once('close', (code, signal) => {
      clearTimeout(limit)
      if (code === 0) return resolve(Buffer.concat(output).toString())
      const how = signal ? `by ${signal}, within ${timeoutMs} ms` : `with ${code}`
      const said = complaints.length > 0 ? complaints : output
      const end = Buffer.concat(said).toString().slice(-MOST_SHOWN)
      reject(new Error(`${command} ${args.join(' ')} ended ${how}: ${end}`))
    })
  })
}
