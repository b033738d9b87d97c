import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listTasks } from '@revflow/envs'
import { afterAll, describe, expect, it } from 'vitest'
import { revflow } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'revflow-render-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)

/** Width and height, as a PNG's header or a GIF's screen descriptor has them; and how many pictures a GIF has. */
function describeFile(file: string) {
  const bytes = readFileSync(file)
  if (bytes.toString('latin1', 1, 4) === 'PNG')
    return { kind: 'png', size: [bytes.readInt32BE(16), bytes.readInt32BE(20)] }
  // A graphic control extension precedes each picture.
  const frames = bytes.toString('latin1').split('\x21\xf9\x04').length - 1
  return { kind: bytes.toString('latin1', 0, 6), size: [bytes.readUInt16LE(6), bytes.readUInt16LE(8)], frames }
}

describe('render', () => {
  const small = ['--size', '40x30']
  it('draws a clip in real time, 25 frames a second', async () => {
    const { code, output } = await revflow('render', 'cheetah-run', '--out', at('a.gif'), '--steps', '40', ...small)
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(
        /a\.gif: 11 of cheetah-run, last at 0\.40 s, return \d\.\d \(cameras: side, back, free\)\n$/,
      ),
    })
    expect(describeFile(at('a.gif'))).toEqual({ kind: 'GIF89a', size: [40, 30], frames: 11 })
    // Delay of the first frame, in hundredths of a second.
    const bytes = readFileSync(at('a.gif'))
    expect(bytes.readUInt16LE(bytes.indexOf('\x21\xf9\x04', 0, 'latin1') + 4)).toBe(4)
  })

  it('draws a picture and a contact sheet, and makes their folder', async () => {
    await revflow('render', 'reacher-easy', '--out', at('new/b.png'), ...small)
    expect(describeFile(at('new/b.png'))).toEqual({ kind: 'png', size: [40, 30] })
    await revflow('render', 'reacher-easy', '--out', at('c.PNG'), '--steps', '10', '--frames', '6', ...small)
    expect(describeFile(at('c.PNG'))).toEqual({ kind: 'png', size: [4 + 3 * 44, 4 + 2 * (30 + 26)] })
  })

  it('is the same for a seed, and another for another, or for other actions', async () => {
    const draw = async (...args: string[]) => {
      await revflow('render', 'pendulum-swingup', '--steps', '20', '--out', at('d.png'), ...small, ...args)
      return readFileSync(at('d.png')).toString('base64')
    }
    const one = await draw('--seed', '3')
    expect(await draw('--seed', '3')).toBe(one)
    expect(await draw('--seed', '4')).not.toBe(one)
    expect(await draw('--seed', '3', '--actions', 'zero')).not.toBe(one)
    expect(await draw('--seed', '3', '--camera', 'lookat')).not.toBe(one)
  })

  it('draws every task', async () => {
    const { code, output } = await revflow('render', '--all', '--out', at('all.png'), ...small)
    const tasks = listTasks().length
    const columns = Math.ceil(Math.sqrt(tasks))
    expect({ code, output }).toEqual({ code: 0, output: `${at('all.png')}: ${tasks} tasks\n` })
    const size = [4 + columns * 44, 4 + Math.ceil(tasks / columns) * 56]
    expect(describeFile(at('all.png'))).toEqual({ kind: 'png', size })
  })
})

describe('bad requests to render give one line, exit code 2, and no file', () => {
  const file = at('a-file')
  writeFileSync(file, '')
  const cases: [string[], string][] = [
    [['cheetah-rnu'], "did you mean 'cheetah-run'?"],
    [
      ['cheetah-run', '--out', 'x.gfi'],
      "ending of x.gfi: expected one of .gif, .png, received '.gfi'; did you mean '.gif'?",
    ],
    [['--all', '--out', 'x.gif'], "ending of x.gif: expected one of .png, received '.gif'"],
    [['cheetah-run', '--out', join(file, 'x.gif')], 'expected a file that can be written'],
    [['cheetah-run', '--out', 'x.png', '--camera', 'sdie'], "did you mean 'side'?"],
    [['cheetah-run', '--size', '320'], 'render.size: expected width x height, such as 320x240'],
    [['cheetah-run', '--size', '0x9', '--out', 'x.png'], 'render.width: expected at least 1, received 0'],
    [['cheetah-run', '--actions', 'radnom'], "did you mean 'random'?"],
    [['cheetah-run', '--frames', '0'], 'render.frames: expected at least 1, received 0'],
    [['cheetah-run', '--steps', 'x'], "--steps: expected an integer, received 'x'"],
    [['cheetah-run', '--all'], "--all: expected no task and no run beside it, received 'cheetah-run'"],
    [[], 'task: expected a task, --run <run> or --all, received none'],
    [['--run', 'no-such-run'], 'no-such-run: expected the folder of a run'],
    // A file lies where the folder of a task would.
    [['--run', 'no-such-run', '--runs-dir', folder], 'no-such-run: expected the folder of a run'],
  ]
  it.each(cases)('%j', async (args, message) => {
    const { code, output } = await revflow('render', ...args)
    expect(output).toContain(message)
    expect(output.trim().split('\n').length).toBe(1)
    expect(code).toBe(2)
    for (const name of ['x.gif', 'x.png', 'x.gfi', 'cheetah-run.gif']) expect(existsSync(name)).toBe(false)
  })
})

describe('envs', () => {
  it('lists every task with its sizes', async () => {
    const { code, output } = await revflow('envs')
    expect(code).toBe(0)
    const [head, ...rows] = output.trim().split('\n')
    expect(head).toMatch(/^task +observation +action +control step +episode +actuators$/)
    expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(listTasks().map(({ name }) => name))
    expect(rows.find((row) => row.startsWith('cheetah-run'))!.split(/ {2,}/)).toEqual(
      ['cheetah-run', '17', '6', '0.01 s', '1000 steps', 'bthigh, bshin, bfoot, fthigh, fshin, ffoot'], // biome-ignore format: one list
    )
  })

  it('gives the same as JSON', async () => {
    const tasks = JSON.parse((await revflow('envs', '--json')).output)
    expect(tasks.length).toBe(listTasks().length)
    expect(tasks.find(({ name }: { name: string }) => name === 'pendulum-swingup')).toEqual({
      name: 'pendulum-swingup',
      description: expect.stringContaining('Reward: '),
      observationSize: 3,
      actionSize: 1,
      controlTimestep: 0.02,
      episodeSteps: 1000,
      observations: [
        { name: 'orientation', size: 2, meaning: expect.any(String) },
        { name: 'velocity', size: 1, meaning: expect.any(String) },
      ],
      actions: ['torque'],
    })
  })
})
