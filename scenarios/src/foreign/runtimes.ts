import { join } from 'node:path'
import { npmPackages } from './tools.ts'

/** A JavaScript runtime that users have, beside the one that runs this. */
export interface JavaScriptRuntime {
  readonly name: string
  /** The npm package that holds the program for this machine; its usual package fetches it by an install script. */
  readonly package: string
  /** Where the program is in that package. */
  readonly program: string
  /** What stands before the file to run. */
  readonly args: readonly string[]
}

const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
const denoArgs = ['run', '--allow-all', '--node-modules-dir=manual', '--no-prompt']

export const runtimes: readonly JavaScriptRuntime[] = [
  // The lowest that `engines` admits, and the newest of each line.
  ...['20.19.0', '22', '24', '26'].map((version) => ({
    name: `Node ${version}`,
    package: `node-linux-${architecture}@${version}`,
    program: 'bin/node',
    args: [],
  })),
  { name: 'Bun', package: `@oven/bun-linux-${bunBuild()}@latest`, program: 'bin/bun', args: ['run'] },
  {
    name: 'Deno',
    package: `@deno/linux-${architecture}-glibc@latest`,
    program: 'deno',
    args: denoArgs,
  },
]

function bunBuild(): string {
  // The usual build needs AVX2, which not every virtual machine has.
  return architecture === 'arm64' ? 'aarch64' : 'x64-baseline'
}

/** The runtime's program, installed into the cache. */
export async function programOf(runtime: JavaScriptRuntime): Promise<string> {
  const folder = join('runtimes', runtime.package.replace(/[^a-z0-9.]+/gi, '-'))
  const home = await npmPackages(folder, [runtime.package])
  const name = runtime.package.slice(0, runtime.package.lastIndexOf('@'))
  return join(home, 'node_modules', name, runtime.program)
}
