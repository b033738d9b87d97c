import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { resolveConfig } from '@revflow/trainer'
import { describe, expect, it } from 'vitest'
import { repositoryFiles, root } from '../src/site.ts'

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
/** Of pnpm itself. */
const builtIn = ['install', 'test', 'typecheck', 'vitest', 'biome']

/** Code in Markdown, a line each, comments left out. */
const commands = repositoryFiles()
  .filter((file) => file.endsWith('.md') && !file.startsWith('docs/api/'))
  .flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const blocks = Array.from(text.matchAll(/```sh\n([\s\S]*?)```/g), ([, code]) => code!.split('\n')).flat()
    const inline = Array.from(text.matchAll(/`([^`]+)`/g), ([, code]) => code!.replace(/\s+/g, ' '))
    return [...blocks, ...inline].map((code) => [file, code.replace(/ +# .*/, '').trim()] as const)
  })
const unique = (pattern: RegExp) => [
  ...new Map(commands.filter(([, code]) => pattern.test(code)).map(([f, c]) => [c, f])),
]

describe('commands in the docs', () => {
  it.each(unique(/^npx -y pnpm@12 /))('%s', (command) => {
    const name = command.split(' ')[3]!.split('|')[0]!
    expect([...Object.keys(scripts), ...builtIn]).toContain(name)
  })

  const settings = unique(/^(npx -y pnpm@12 train )?.*--set /).filter(([command]) => !/<|key=value|=wide/.test(command))
  it.each(settings)('%s sets options that there are', (command) => {
    const set = Array.from(command.matchAll(/--set ('[^']*'|\S+)/g), ([, setting]) => setting!.replace(/'/g, ''))
    const agent = / --agent ([\w-]+)/.exec(command)?.[1]
    expect(() => resolveConfig({ flags: { agent }, set })).not.toThrow()
  })
})
