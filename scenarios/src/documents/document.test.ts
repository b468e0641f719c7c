import assert from 'node:assert/strict'
import test from 'node:test'
import { blocksOf, linksOf, namesInTables } from './document.ts'

const text = `# Title

\`\`\`ts
first()
\`\`\`

<!-- not run: it needs a password -->

\`\`\`ts
second()
third()
\`\`\`

Words.

\`\`\`
plain
\`\`\`

See [the design](DESIGN.md#map), [the web](https://kafka.apache.org), \`[code](x)\`.

| producer | default | |
| --- | --- | --- |
| \`acks\`, \`lingerMs\` | all | \`not this\` |

| other | |
| --- | --- |
| \`left\` | |
`

test('blocks are found with their lines, languages and remarks', () => {
  assert.deepEqual(blocksOf('X.md', text), [
    { document: 'X.md', line: 4, language: 'ts', code: 'first()\n', notRun: undefined },
    {
      document: 'X.md',
      line: 10,
      language: 'ts',
      code: 'second()\nthird()\n',
      notRun: 'it needs a password',
    },
    { document: 'X.md', line: 17, language: '', code: 'plain\n', notRun: undefined },
  ])
})

test('a block that never ends is an error that says where it begins', () => {
  assert.throws(() => blocksOf('X.md', 'a\n```ts\nb\n'), /X\.md:2 opens a block that never ends/)
})

test('links to files are found, those to the web and in code are not', () => {
  assert.deepEqual(linksOf('X.md', text), [{ document: 'X.md', line: 20, target: 'DESIGN.md' }])
})

test('a table gives the names of its first column', () => {
  assert.deepEqual(namesInTables(text, /^producer$/), ['acks', 'lingerMs'])
})
