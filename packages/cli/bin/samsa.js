#!/usr/bin/env node
// Plain JavaScript that an old Node can read, so that it can say what is wrong. The command itself is in dist.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `error: samsa needs Node 20.19 or newer; this is ${process.version}. Install one from nodejs.org.`,
  )
  process.exitCode = 1
} else {
  import('../dist/main.js').catch((error) => {
    const isUnbuilt = error.code === 'ERR_MODULE_NOT_FOUND' && String(error.message).includes('dist')
    console.error(isUnbuilt ? 'error: samsa is not built yet; run: npm run build' : error)
    process.exitCode = 1
  })
}
