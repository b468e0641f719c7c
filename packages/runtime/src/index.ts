export * from './machine.ts'
export { nodeRuntime, turn } from './node.ts'
export * from './pair.ts'
export * from './runtime.ts'
