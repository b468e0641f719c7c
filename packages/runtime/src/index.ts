export { bareHost, formatAddress } from './address.ts'
export * from './machine.ts'
export { nodeRuntime, turn } from './node.ts'
export * from './pair.ts'
export * from './runtime.ts'
export type {
  Cut,
  DiskSettings,
  Host,
  NetworkSettings,
  Place,
  SimConnection,
  SimOptions,
} from './sim.ts'
export { Random, SimWorld } from './sim.ts'
