// npm run api: writes api/*.d.ts, the public declarations of each package. A change of API is then a diff to read.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, root } from './prepare.mjs'

prepare()
const { published } = await import('../scenarios/dist/declarations/declarations.js')
const { keptDeclarations } = await import('../scenarios/dist/declarations/kept.js')
mkdirSync(join(root, 'api'), { recursive: true })
for (const room of published) writeFileSync(join(root, 'api', `${room}.d.ts`), keptDeclarations(room))
