import { fileURLToPath } from 'node:url'
import type { Role } from './options.ts'

export type ClientName = 'samsa'

/** A client that a driver can be started with. */
export interface Client {
  /** Of the client's library. */
  readonly version: string
  readonly roles: readonly Role[]
  /** Installs or compiles what is missing and gives what to start. */
  prepare(): Promise<Command>
}

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const WITHOUT_TRANSACTIONS: readonly Role[] = ['produce', 'consume', 'churn']

export const clients: Readonly<Record<ClientName, Client>> = {
  samsa: {
    version: '0.1.0',
    roles: WITHOUT_TRANSACTIONS,
    prepare: async () => node(new URL('./samsa.js', import.meta.url)),
  },
}

function node(program: URL): Command {
  return { program: process.execPath, args: ['--no-warnings', fileURLToPath(program)] }
}
