import { HostTensor, jit, stopGradient } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { nativeRuntime } from '../src/engine/native-runtime.ts'

const near = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5) => {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected[i]!)))
}

beforeEach(() => tf.setBackend('cpu').then(() => undefined))
/** Nothing that this package does may leave a tensor behind. */
let before = 0
beforeEach(() => {
  before = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(before))

type Params = { w1: tf.Tensor2D; b1: tf.Tensor1D; w2: tf.Tensor2D }
type State = { params: Params; step: tf.Scalar }

const network = (p: Params, x: tf.Tensor2D) => tf.matMul(tf.tanh(tf.add(tf.matMul(x, p.w1), p.b1)), p.w2)

/** One step of gradient descent on a two-layer network: matmul, broadcasting, reductions and their gradients. */
const descend = (state: State, batch: { x: tf.Tensor2D; y: tf.Tensor2D }) => {
  const { w1, b1, w2 } = state.params
  const loss = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
    tf.mean(tf.square(tf.sub(network({ w1: a, b1: b, w2: c } as Params, batch.x), batch.y))) as tf.Scalar
  const { value, grads } = tf.valueAndGrads(loss)([w1, b1, w2])
  const moved = [w1, b1, w2].map((p, i) => tf.sub(p, tf.mul(0.1, grads[i]!)))
  const params = { w1: moved[0], b1: moved[1], w2: moved[2] } as Params
  return { state: { params, step: tf.add(state.step, 1) as tf.Scalar }, loss: value }
}

const ramp = (shape: number[], scale = 0.1) =>
  HostTensor.from(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => scale * Math.sin(1 + 3 * i)),
    shape,
  )
const start = () => ({ params: { w1: ramp([3, 8]), b1: ramp([8]), w2: ramp([8, 2]) }, step: HostTensor.from([0], []) })
const batch = () => ({ x: ramp([16, 3], 1), y: ramp([16, 2], 0.7) })

describe('jit', () => {
  it('runs a training step, gradients included, to the numbers of the eager engine', async () => {
    const engines = [jit(descend), jit(descend, { engine: 'eager' })]
    const results = await Promise.all(
      engines.map(async (step) => {
        let state = (await step(start(), batch())).state
        let loss = Number.NaN
        for (let i = 0; i < 20; i++) {
          const out = await step(state, batch())
          state = out.state
          loss = out.loss.data[0]!
        }
        return [...state.params.w1.data, ...state.params.b1.data, ...state.params.w2.data, loss, state.step.data[0]!]
      }),
    )
    near(results[0]!, results[1]!)
    expect(results[0]!.at(-1)).toBe(21)
    expect(engines[0]!.stats()).toMatchObject({ engine: 'onnx', calls: 21 })
    expect(engines[0]!.stats().specialisations).toHaveLength(1)
    expect(engines[0]!.stats().specialisations[0]!.nodes).toBeGreaterThan(10)
    await Promise.all(engines.map((engine) => engine.dispose()))
  })

  it('leaves out what no result depends on, and broadcasts that their use makes needless', async () => {
    const sumOfSquares = jit((x: tf.Tensor2D) => {
      tf.exp(x)
      return tf.grad((y: tf.Tensor) => tf.sum(tf.mul(y, y)))(x)
    })
    const x = ramp([50, 40], 1)
    near(
      (await sumOfSquares(x)).data,
      x.data.map((v) => 2 * v),
    )
    // x·1 twice, and their sum: no exponential, no gradient of the sum at the size of x
    expect(sumOfSquares.stats().specialisations[0]!.nodes).toBeLessThanOrEqual(5)
    await sumOfSquares.dispose()
  })

  it('tells arguments of another form from those of the call before', async () => {
    const paths = jit((tree: Record<string, tf.Tensor | Record<string, tf.Tensor>>) =>
      Object.fromEntries(
        Object.entries(tree).map(([key, node]) => [key, node instanceof tf.Tensor ? tf.add(node, node) : { ...node }]),
      ),
    )
    const [one, two, whole] = [
      HostTensor.from([1]),
      HostTensor.from([2, 3]),
      new HostTensor('int32', [1], Int32Array.of(4)),
    ]
    const given = tf.tensor1d([5])
    const trees = [
      { a: one, b: { c: two } },
      { a: one, b: { c: one } },
      { a: one },
      { a: one, b: { c: two, d: one } },
      { b: { c: two }, a: one },
      { a: whole, b: { c: two } },
      { a: one, b: two },
      { a: given, b: { c: two } },
      { a: one, b: { e: two } },
    ] // biome-ignore format: a tree a line
    const plain = (node: unknown, factor: number): unknown =>
      node instanceof tf.Tensor || node instanceof HostTensor
        ? [
            node.dtype,
            node.shape,
            (node instanceof HostTensor ? Array.from(node.data as Float32Array) : [5]).map((x) => factor * x),
          ]
        : node
    for (const before of trees)
      for (const tree of trees)
        for (const called of [before, tree, tree]) {
          const result = (await paths(called as never)) as Record<string, HostTensor | Record<string, HostTensor>>
          expect(Object.keys(result)).toEqual(Object.keys(called))
          for (const [key, node] of Object.entries(called)) {
            const [sent, got] = [node, result[key]!]
            if (sent instanceof HostTensor || sent instanceof tf.Tensor) expect(plain(got, 1)).toEqual(plain(sent, 2))
            else
              expect(Object.entries(got).map(([k, v]) => [k, plain(v, 1)])).toEqual(
                Object.entries(sent).map(([k, v]) => [k, plain(v, 1)]),
              )
          }
        }
    expect(paths.stats().compilations).toBe(trees.length - 1) // a TensorFlow.js tensor has the form of a HostTensor
    await expect(paths(1 as never)).rejects.toThrow('a HostTensor or a TensorFlow.js tensor')
    await expect(paths({ a: one, b: null } as never)).rejects.toThrow("argument 0, 'b'")
    await expect((paths as (...trees: unknown[]) => Promise<unknown>)(trees[0], one)).resolves.toBeDefined()
    await paths.dispose()
    given.dispose()
  })

  it('reuses donated memory: two sets of buffers serve any number of calls', async () => {
    const step = jit(descend, { donate: [0] })
    const seen = new Set<unknown>()
    let state = (await step(start(), batch())).state
    for (let i = 0; i < 10; i++) {
      seen.add(state.params.w1.data)
      state = (await step(state, batch())).state
    }
    expect(seen.size).toBe(2)
    const { state: next } = await step(state, batch())
    expect(() => state.params.w1.data).toThrow('one donated to a jitted function')
    await expect(step(state, batch())).rejects.toThrow('keep what the function returned instead')
    expect(next.params.w1.data).toHaveLength(24)
  })

  it('specialises by shape', async () => {
    const double = jit((x: tf.Tensor) => tf.mul(x, 2))
    near((await double(HostTensor.from([1, 2]))).data, [2, 4])
    near((await double(HostTensor.from([1, 2, 3]))).data, [2, 4, 6])
    near((await double(HostTensor.from([5, 6]))).data, [10, 12])
    expect(double.stats().specialisations).toHaveLength(2)
  })

  it('keeps as many sets of shapes as it may, and frees the one used longest ago', async () => {
    const double = jit((x: tf.Tensor) => tf.mul(x, 2), { specialisations: 2 })
    for (const n of [1, 2, 1, 3, 1]) near((await double(HostTensor.from(new Float32Array(n).fill(n)))).data, Array(n).fill(2 * n)) // biome-ignore format: one line
    expect(double.stats()).toMatchObject({ compilations: 3, specialisations: { length: 2 } })
    await double(HostTensor.from([1, 2]))
    expect(double.stats()).toMatchObject({ compilations: 4, specialisations: { length: 2 } })
    await double.dispose()
    expect(double.stats().specialisations).toHaveLength(0)
  })

  it('warns once, and names the argument, when shapes keep changing', async () => {
    const warnings: (Error & { code?: string })[] = []
    const listen = (warning: Error) => warnings.push(warning)
    process.on('warning', listen)
    const sum = jit((a: { w: tf.Tensor }, x: tf.Tensor) => tf.add(tf.sum(a.w), tf.sum(x)))
    for (let n = 1; n <= 12; n++) await sum({ w: HostTensor.from([1]) }, HostTensor.from(new Float32Array(n)))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', listen)
    expect(warnings.map(({ code, message }) => [code, message])).toEqual([
      [
        'jit-retracing',
        'jit: compiled 8 times, for ever new shapes: argument 1 changed from float32[7] to float32[8]; pad it to a few sizes',
      ],
    ])
    await sum.dispose()
  })

  it('answers calls made at the same time, of one function and of several, and disposes after them', async () => {
    const scale = [2, 3].map((k) => jit((x: tf.Tensor) => tf.mul(x, k), { specialisations: 1 }))
    const calls = Array.from({ length: 40 }, async (_, i) => {
      const out = await scale[i % 2]!(HostTensor.from(new Float32Array(1 + (i % 5)).fill(i)))
      near(out.data, Array(1 + (i % 5)).fill(i * (2 + (i % 2))))
    })
    let returned = 0
    for (const call of calls) void call.then(() => { returned += 1 }) // biome-ignore format: one line
    await Promise.all(scale.map((fn) => fn.dispose()))
    expect(returned).toBe(40)
    await Promise.all(calls)
    expect(scale.flatMap((fn) => fn.stats().specialisations)).toEqual([])
  })

  it('releases every session it opened, once: of shapes that leave, after a failure, and at the end', async () => {
    const runtime = nativeRuntime()
    const open = runtime.open.bind(runtime)
    const releases: MockInstance[] = []
    const opened = vi.spyOn(runtime, 'open').mockImplementation((...given) => {
      const session = open(...given)
      releases.push(vi.spyOn(session, 'release'))
      return session
    })
    const first = jit((x: tf.Tensor) => tf.gather(x, tf.cast(x, 'int32')), { specialisations: 2 })
    for (const n of [1, 2, 3, 1]) await first(HostTensor.from(new Float32Array(n)))
    await expect(first(HostTensor.from([9]))).rejects.toThrow('an index of a gather or scatter')
    await first.dispose()
    opened.mockRestore()
    expect(releases.map((release) => release.mock.calls.length)).toEqual([1, 1, 1, 1])
  })

  it('takes TensorFlow.js tensors, captured constants, and returns inputs and constants unharmed', async () => {
    const captured = tf.tensor1d([10, 20])
    const fn = jit((x: tf.Tensor) => ({ same: x, again: x, constant: captured, sum: tf.add(x, captured) }))
    const x = tf.tensor1d([1, 2])
    const out = await fn(x)
    near(out.sum.data, [11, 22])
    near(out.same.data, [1, 2])
    near(out.again.data, [1, 2])
    near(out.constant.data, [10, 20])
    near(captured.dataSync(), [10, 20])
    near(x.dataSync(), [1, 2])
    expect(tf.getBackend()).toBe('cpu')
    tf.dispose([x, captured])
  })

  it('names what cannot be traced, and goes on working afterwards', async () => {
    const x = HostTensor.from([1, 2])
    await expect(jit((t: tf.Tensor) => tf.scalar(t.dataSync()[0]!))(x)).rejects.toThrow(
      /^value of shape \[2\]: expected computation with TensorFlow.js operations only, received its numbers being read while tracing, at .*jit\.test\.ts:\d+/,
    )
    await expect(jit((t: tf.Tensor) => tf.spectral.rfft(t))(x)).rejects.toThrow(/expected one of|operation/)
    await expect(jit((t: tf.Tensor) => tf.diag(tf.atan2(t, t)))(x)).rejects.toThrow(
      "operation 'Diag': expected an operation the compiler has a mapping for",
    )
    await expect(jit((t: { a: tf.Tensor }) => t.a)({ a: 3 as unknown as HostTensor })).rejects.toThrow(
      "argument 0, 'a': expected a HostTensor or a TensorFlow.js tensor, received number",
    )
    expect(() => jit((t: tf.Tensor) => t, { engine: 'onx' as 'onnx' })).toThrow("did you mean 'onnx'?")
    expect(tf.getBackend()).toBe('cpu')
    near((await jit((t: tf.Tensor) => tf.neg(t))(x)).data, [-1, -2])
  })

  it.each(['onnx', 'eager'] as const)(
    'gives one value under several names, and captured tensors again and again: %s',
    async (engine) => {
      const captured = tf.tensor1d([3, 4])
      const fn = jit((x: tf.Tensor) => {
      const y = tf.mul(x, 2)
      return { a: y, b: y, c: tf.mul(x, 2), captured }
    }, { engine }) // biome-ignore format: one function
      for (const n of [1, 2]) {
        const { a, b, c, captured: same } = await fn(HostTensor.from([n]))
        expect([a, b, c].map(({ data }) => data[0])).toEqual([2 * n, 2 * n, 2 * n])
        near(same.data, [3, 4])
      }
      captured.dispose()
      await fn.dispose()
    },
  )

  it('keeps results apart whose donated memory was one', async () => {
    const step = jit((s: { m: tf.Tensor; v: tf.Tensor }) => ({ m: tf.add(s.m, 1), v: tf.add(s.v, 10) }), {
      donate: [0],
    })
    const one = new Float32Array(4)
    const pairs = [
      { m: HostTensor.from(one), v: HostTensor.from(one) },
      { m: HostTensor.from(one.subarray(0, 2)), v: HostTensor.from(one.subarray(1, 3)) },
      { m: HostTensor.from(one), v: HostTensor.from(new Float32Array(one.buffer), [2, 2]) },
    ]
    for (const pair of pairs) {
      one.fill(0)
      let state: { m: HostTensor; v: HostTensor } = pair
      for (let i = 0; i < 4; i++) state = await step(state)
      expect([state.m.data[0], state.v.data[0]]).toEqual([4, 40])
    }
    await step.dispose()
  })

  it('leaves TensorFlow.js without a backend where none was chosen', async () => {
    Object.assign(tf.engine(), { backendName: undefined, backendInstance: null })
    const fn = jit((x: tf.Tensor) => tf.neg(x))
    near((await fn(HostTensor.from([1]))).data, [-1])
    const sum = tf.add(1, 2)
    expect(sum.dataSync()[0]).toBe(3)
    sum.dispose()
    await fn.dispose()
  })

  it('refuses a jitted function inside of another, leaving no rejection behind', async () => {
    const inner = jit((x: tf.Tensor) => tf.neg(x))
    const outer = jit((x: tf.Tensor) => tf.add(inner(x) as unknown as tf.Tensor, 1))
    await expect(outer(HostTensor.from([1]))).rejects.toThrow('received a call of a jitted one; call the function that')
    near((await inner(HostTensor.from([1]))).data, [-1])
    await inner.dispose()
  })

  it('leaves the arithmetic of JavaScript alone', async () => {
    const fn = jit((x: tf.Tensor) => tf.mul(x, 0.5))
    // the least float32 but three
    near((await fn(HostTensor.from([4 * 2 ** -149]))).data, [2 * 2 ** -149], 0)
    expect(JSON.parse('5e-324') > 0).toBe(true)
    await fn.dispose()
  })

  it('names arguments and results that are no tensors, and donations of none', async () => {
    const x = HostTensor.from([1])
    const of = (value: unknown) => jit((t: tf.Tensor) => tf.neg(t))(value as HostTensor)
    await expect(of([x])).rejects.toThrow(
      'argument 0: expected a HostTensor or a TensorFlow.js tensor, received an array',
    )
    await expect(of(new Float32Array(2))).rejects.toThrow('received an object of class Float32Array')
    for (const engine of ['onnx', 'eager'] as const)
      await expect(jit((t: tf.Tensor) => ({ t, n: 3 as unknown as tf.Tensor }), { engine })(x)).rejects.toThrow(
        "result 'n': expected a tensor, received number",
      )
    await expect(jit((t: tf.Tensor) => tf.neg(t), { donate: [1] })(x)).rejects.toThrow(
      'jit.donate: expected indices of the 1 arguments, from 0, received 1',
    )
    await expect(jit((t: Record<string, tf.Tensor>) => t)({ 'a/b': x })).rejects.toThrow("key 'a/b' of a tree")
  })

  it('keeps the shape that a tensor was made with', async () => {
    const shape = [2]
    const x = HostTensor.from([1, 2], shape)
    shape[0] = 1
    expect(x.shape).toEqual([2])
    near((await jit((t: tf.Tensor) => tf.neg(t))(x)).data, [-1, -2])
  })

  it('says which argument is no longer there when shapes keep changing', async () => {
    const sum = jit((terms: Record<string, tf.Tensor>) => tf.addN(Object.values(terms)))
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const own = process.emitWarning
    // what a bundler makes of process
    Object.assign(process, { emitWarning: undefined })
    try {
      for (let n = 9; n > 1; n--)
        await sum(Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, HostTensor.from([1])])))
    } finally {
      Object.assign(process, { emitWarning: own })
    }
    expect(warn.mock.calls[0]![0]).toContain("argument 0, 'k2' changed from float32[1] to absent")
    warn.mockRestore()
    await sum.dispose()
  })

  it.each(['onnx', 'eager'] as const)('takes a stopped gradient for a constant: %s', async (engine) => {
    const inner = (x: tf.Tensor) => tf.mul(tf.square(x), stopGradient(tf.mul(x, 3))) as tf.Scalar
    const fn = jit((x: tf.Scalar) => ({ value: inner(x), first: tf.grad(inner)(x), second: tf.grad((y) => tf.grad(inner)(y))(x) }), { engine }) // biome-ignore format: one function
    const { value, first, second } = await fn(HostTensor.from([2], []))
    // 3c·x² at c = x
    expect([value, first, second].map(({ data }) => data[0])).toEqual([24, 24, 12])
    await fn.dispose()
  })

  it('refuses a value kept from an earlier trace', async () => {
    let kept: tf.Tensor | undefined
    await jit((x: tf.Tensor) => {
      kept = tf.keep(tf.mul(x, 2))
      return kept
    })(HostTensor.from([1]))
    await expect(jit((x: tf.Tensor) => tf.add(x, kept!))(HostTensor.from([1]))).rejects.toThrow(
      'expected a value of the function being traced',
    )
    kept?.dispose()
  })
})
