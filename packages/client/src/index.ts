export type { Header } from '@samsa/protocol'
export * from './errors.ts'
export type { ClientEvents, Logger } from './events.ts'
export * from './producer/index.ts'
