export * from './machine.ts'
export * from './runtime.ts'
