/** An environment of one's own: a puck on ice, pushed along a line, that is to come to rest in the middle. */
export default function makePuck() {
  let [x, v, steps] = [1, 0, 0]
  const observe = () => Float32Array.of(x, v)
  return {
    task: 'puck',
    observationSpace: {
      size: 2,
      entries: [
        { name: 'place', size: 1 },
        { name: 'speed', size: 1 },
      ],
    },
    actionSpace: { size: 1, names: ['push'], low: [-1], high: [1] },
    reset() {
      ;[x, v, steps] = [1, 0, 0]
      return { observation: observe() }
    },
    step([push]) {
      v += 0.2 * push
      x += 0.2 * v
      steps += 1
      const terminated = Math.abs(x) > 2
      return { observation: observe(), reward: 1 / (1 + 4 * x * x), terminated, truncated: !terminated && steps >= 50 }
    },
    // all there is to go on with: what a checkpoint saves
    getState: () => ({ values: Float64Array.of(x, v, steps), meta: {} }),
    setState({ values }) {
      ;[x, v, steps] = values
    },
    close() {},
  }
}
