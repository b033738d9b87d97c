import { createRng } from '@revflow/core'
import { createPinkNoise } from './src/exploration.ts'
const { makeEnv } = await import('/work/main/packages/envs/src/index.ts')
const clip = (x: number) => Math.max(-1, Math.min(1, x))
const sq = (v: number[]) => v
for (const task of ['finger-spin', 'reacher-hard', 'ball_in_cup-catch', 'hopper-hop']) for (const kind of ['white', 'whitebang', 'pink', 'arcsine', 'x2', 'x4', 'hold']) {
  const counts: number[] = []
  for (let seed = 0; seed < 20; seed++) {
    const env = await makeEnv(task, { seed, actionRepeat: 2 })
    env.reset(); const rng = createRng(1000 + seed); const pink = createPinkNoise(createRng(2000 + seed))
    let hits = 0
    const n = env.actionSpace.names.length
    let left = 0, held: number[] = []
    for (let i = 0; i < 1000; i++) {
      let a: number[]
      const d = pink.decision()
      if (kind === 'white') a = Array.from({ length: n }, () => 2 * rng.uniform() - 1)
      else if (kind === 'whitebang') a = Array.from({ length: n }, () => Math.sign(2 * rng.uniform() - 1))
      else if (kind === 'hold') {
        if (left-- <= 0) { left = Math.min(100, Math.floor((1 - rng.uniform()) ** -1)) - 1; held = Array.from({ length: n }, () => 2 * rng.uniform() - 1) }
        a = held
      } else { a = Array.from({ length: n }, () => 2 * d.uniform() - 1)
        if (kind === 'arcsine') a = a.map((x) => Math.sin(Math.PI * x / 2)); if (kind === 'x2') a = a.map((x) => clip(2 * x)); if (kind === 'x4') a = a.map((x) => clip(4 * x)) }
      const r = env.step(a); if (r.reward > 0) hits++
      if (r.terminated || r.truncated) env.reset()
    }
    counts.push(hits); env.close()
  }
  console.log(task, kind.padEnd(9), 'seeds with none', counts.filter((c) => c === 0).length, 'mean', (counts.reduce((x, y) => x + y) / 20).toFixed(1), counts.join(' '))
}
