import assert from 'node:assert/strict'
import test from 'node:test'
import { partner, tokenise } from './tokens.ts'

const words = (text: string) =>
  tokenise(text)
    .filter(({ kind }) => kind === 'word')
    .map((token) => token.text)

test('comments, strings, regular expressions and the text of templates are not code', () => {
  const text = `
    // setTimeout in a comment
    /* process.exit(1) */ const a = 'Date.now()' + "console" + \`performance \${inner(\`x \${deep}\`)} fetch\`
    const b = /process\\/[/'"]/g.test(a) ? 4 / two / 1 : a
  `
  assert.deepEqual(words(text), 'const a inner deep const b test a two a'.split(' '))
})

test('braces inside a substitution do not end it', () => {
  assert.deepEqual(words('`a $' + '{f({ b: { c } })} d` + e'), ['f', 'b', 'c', 'e'])
})

test('a slash divides after a value and begins a regular expression elsewhere', () => {
  const kinds = (text: string) => tokenise(text).map(({ kind }) => kind)
  assert.ok(!kinds('(a) / b / c').includes('regex'))
  assert.ok(!kinds('a[0] / b / c').includes('regex'))
  assert.ok(kinds('return /b/').includes('regex'))
  assert.ok(kinds('f(/[/]"/)').includes('regex'))
})

test('a quote that is escaped does not end its string', () => {
  assert.deepEqual(
    tokenise(String.raw`f('it\'s', "\\") + g`).map((token) => token.text),
    ['f', '(', String.raw`it\'s`, ',', String.raw`\\`, ')', '+', 'g'],
  )
})

test('lines are counted through comments and templates', () => {
  const tokens = tokenise('a\n/*\n\n*/ b `\n` c // d\ne')
  assert.deepEqual(
    tokens.filter(({ kind }) => kind === 'word').map(({ text, line }) => `${text}${line}`),
    ['a1', 'b4', 'c5', 'e6'],
  )
})

test('a bracket finds its partner past the brackets within', () => {
  const tokens = tokenise("f({ a: [1, ')'] }, (b) => {}) + 1")
  assert.equal(tokens[partner(tokens, 1) + 1]?.text, '+')
})

test('what no token begins with is refused with its line', () => {
  assert.throws(() => tokenise('a\n§'), /line 2/)
})
