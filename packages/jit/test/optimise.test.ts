import { HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Graph } from '../src/graph/graph.ts'
import { optimise } from '../src/graph/optimise.ts'
import { type TensorFunction, trace } from '../src/trace/trace.ts'

beforeAll(() => tf.setBackend('cpu').then(() => undefined))

const ramp = (shape: readonly number[], shift = 0) =>
  HostTensor.from(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + shift + 3 * i)),
    shape,
  )
type Fn = (...args: tf.Tensor[]) => tf.Tensor

function optimised(fn: Fn, args: readonly HostTensor[]): Graph {
  const specs = args.map(({ shape, dtype }) => [['', { shape, dtype }]] as const)
  const { graph } = trace(fn as unknown as TensorFunction, specs)
  optimise(graph)
  return graph
}
const operations = (fn: Fn, args: readonly HostTensor[]): string[] => optimised(fn, args).nodes.map(({ op }) => op)

/** Greatest difference of the compiled result from the eager one. */
async function difference(fn: Fn, args: readonly HostTensor[]): Promise<number> {
  const [eager, compiled] = await Promise.all(
    (['eager', 'onnx'] as const).map(async (engine) => {
      const jitted = jit(fn, { engine })
      const { data } = (await jitted(...(args as never[]))) as HostTensor
      await jitted.dispose()
      return data
    }),
  )
  return Math.max(...Array.from(eager!, (value, i) => Math.abs(value - compiled![i]!)))
}

describe('a choice of rows', () => {
  /** A network's gradient, with what LayerNorm and activations put between the products. */
  const gradient = (x: tf.Tensor, w: tf.Tensor, v: tf.Tensor) =>
    tf.valueAndGrad((y) => {
      const h = tf.matMul(tf.reshape(y, [-1, 6]), w as tf.Tensor2D)
      const normal = tf.mul(h, tf.rsqrt(tf.add(tf.mean(tf.square(h), -1, true), 1e-5)))
      return tf.reshape(tf.matMul(tf.relu(normal), v as tf.Tensor2D), y.shape.slice(0, -1))
    })(x)
  const smaller: Fn = (x, w1, w2, v, shift) => {
    const [a, b] = [gradient(x!, w1!, v!), gradient(x!, w2!, v!)]
    const first = tf.lessEqual(a.value, tf.add(b.value, shift!))
    return tf.where(tf.expandDims(first, -1), a.grad, b.grad)
  }
  const args = (shape: number[], shift: number) => [
    ramp(shape),
    ramp([6, 8]),
    ramp([6, 8], 1),
    ramp([8, 1], 2),
    HostTensor.from([shift], []),
  ]

  it('computes products on the rows that are taken', () => {
    for (const shape of [
      [90, 6],
      [30, 5, 6],
    ]) {
      const { nodes } = optimised(smaller, args(shape, 0))
      const ops = nodes.map(({ op }) => op)
      expect(ops.filter((op) => op === 'NonZero')).toHaveLength(2)
      expect(ops).not.toContain('Where')
      // of the gradients nothing but the row they all start from is computed before the rows are known
      const products = nodes.slice(0, ops.indexOf('NonZero')).filter(({ op }) => op === 'Gemm')
      expect(products.every(({ outputs }) => outputs[0]!.shape[0] === 1)).toBe(true)
      expect(ops.filter((op) => op === 'Gemm').length).toBeGreaterThan(products.length + 1)
    }
  })

  it.each([
    ['some rows', 0],
    ['all rows of the first', 1e6],
    ['all rows of the second', -1e6],
  ])('gives the same: %s', async (_, shift) => {
    for (const shape of [
      [90, 6],
      [30, 5, 6],
    ])
      expect(await difference(smaller, args(shape, shift))).toBeLessThan(1e-5)
  })

  it('leaves alone what others need, what mixes rows, few rows, and choices of single numbers', () => {
    const product: Fn = (x, w) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D)
    const positive = (x: tf.Tensor) => tf.greater(tf.slice(x, [0, 0], [-1, 1]), 0)
    const cases: Fn[] = [
      (x, w) => tf.add(tf.where(positive(x!), product(x!, w!), x!), product(x!, w!)),
      (x, w) => tf.where(positive(x!), tf.sub(product(x!, w!), tf.max(product(x!, w!), 0)), x!),
      (x, w) => tf.where(tf.greater(x!, 0), product(x!, w!), x!),
      (x, w) => tf.where(tf.greater(tf.slice(w!, [0, 0], [1, -1]), 0), product(x!, w!), x!),
    ]
    for (const fn of cases) {
      const ops = operations(fn, [ramp([70, 4]), ramp([4, 4])])
      expect(ops.indexOf('MatMul')).toBeLessThan(ops.includes('NonZero') ? ops.indexOf('NonZero') : Infinity)
    }
    expect(operations((x, w) => tf.where(positive(x!), product(x!, w!), x!), [ramp([9, 4]), ramp([4, 4])])).toContain(
      'Where',
    )
  })

  it('may be asked for the condition too', async () => {
    const fn = (x: tf.Tensor, v: tf.Tensor, w: tf.Tensor) => {
      const condition = tf.expandDims(tf.greater(tf.sum(x, 1), 0), -1)
      return { condition, y: tf.where(condition, tf.matMul(x, v), tf.matMul(x, w)) }
    }
    const args = [ramp([80, 4]), ramp([4, 4]), ramp([4, 4], 2)] as const
    const [compiled, eager] = await Promise.all(
      (['onnx', 'eager'] as const).map((engine) => jit(fn, { engine })(...args)),
    )
    expect(compiled!.condition.data).toEqual(eager!.condition.data)
    expect(Math.max(...compiled!.y.data.map((y, i) => Math.abs(y - eager!.y.data[i]!)))).toBeLessThan(1e-5)
  })

  it('tells rows from one row as long as there are rows, and a choice by row from one by column', async () => {
    const [n, square] = [81, ramp([81, 81])]
    const cases: readonly [fn: Fn, args: readonly HostTensor[], chosen: boolean][] = [
      // [n, n] with a bias [n] and [1, n]
      [
        (x, w, row) =>
          tf.where(
            tf.greater(tf.slice(x!, [0, 0], [-1, 1]), 0),
            tf.mul(tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), row!), tf.expandDims(row!, 0)),
            x!,
          ),
        [square, ramp([n, n], 1), ramp([n], 2)],
        true,
      ],
      // [b, k] with b = k, a number for each row, with a row of k
      [
        (x, w, row) => {
          const y = tf.mul(tf.sum(x!, -1), row!)
          const z = tf.matMul(tf.reshape(y, [-1, 1]), tf.transpose(w!))
          return tf.where(tf.greater(tf.slice(x!, [0, 0, 0], [-1, -1, 1]), 0), tf.reshape(z, [9, 9, 4]), tf.neg(x!))
        },
        [ramp([9, 9, 4]), ramp([4, 1]), ramp([9])],
        true,
      ],
      [(x, w, row) => tf.where(tf.greater(row!, 0), tf.matMul(x!, w!), x!), [square, square, ramp([n])], false],
    ]
    for (const [fn, args, chosen] of cases) {
      expect(operations(fn, args).includes('NonZero')).toBe(chosen)
      expect(await difference(fn, args)).toBeLessThan(1e-5)
    }
  })
})

describe('root-mean-square norms', () => {
  const norm = (x: tf.Tensor, scale: tf.Tensor, epsilon: number) =>
    tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon))), scale)
  const fused = 'SimplifiedLayerNormalization'

  it('are one operation, their gradients too', async () => {
    const loss = (x: tf.Tensor, scale: tf.Tensor) => tf.sum(tf.square(norm(x, scale, 1e-3))) as tf.Scalar
    for (const fn of [(x, scale) => norm(x!, scale!, 1e-3), (x, scale) => tf.grads(loss)([x!, scale!])[0]!] as Fn[])
      for (const shape of [
        [3, 5],
        [2, 3, 5],
      ]) {
        expect(operations(fn, [ramp(shape), ramp([5])])).toContain(fused)
        expect(await difference(fn, [ramp(shape), ramp([5])])).toBeLessThan(1e-6)
      }
  })

  it('may have several scales', async () => {
    const fn: Fn = (x, a, b) => tf.sub(norm(x!, a!, 1e-3), tf.square(norm(x!, b!, 1e-3)))
    expect(await difference(fn, [ramp([3, 5]), ramp([5]), ramp([5], 1)])).toBeLessThan(1e-6)
  })

  it('are left alone where they are something else', async () => {
    const cases: Fn[] = [
      // the mean over another axis, of another value, a scale for each row, an ε for each row
      (x, scale) => tf.mul(tf.mul(x!, tf.rsqrt(tf.add(tf.mean(tf.square(x!), 0, true), 1e-3))), scale!),
      (x, scale) => tf.mul(tf.mul(x!, tf.rsqrt(tf.add(tf.mean(tf.mul(x!, scale!), -1, true), 9))), scale!),
      (x) => norm(x!, tf.slice(x!, [0, 0], [-1, 1]), 1e-3),
      (x, scale) => tf.mul(tf.mul(x!, tf.rsqrt(tf.add(tf.mean(tf.square(x!), -1, true), tf.square(scale!)))), scale!),
    ]
    for (const fn of cases) {
      expect(operations(fn, [ramp([5, 5]), ramp([5])])).not.toContain(fused)
      expect(await difference(fn, [ramp([5, 5]), ramp([5])])).toBeLessThan(1e-6)
    }
    // rows of one number, which the scale makes longer
    expect(await difference((x, scale) => norm(x!, scale!, 1e-3), [ramp([3, 1]), ramp([5])])).toBeLessThan(1e-6)
  })
})

describe('weighted sums of rows', () => {
  const sum =
    (keepDims: boolean): Fn =>
    (w, x) =>
      tf.sum(tf.mul(w!, x!), -2, keepDims)

  it.each([[[7, 3]], [[4, 7, 3]], [[2, 4, 7, 3]], [[4, 1, 3]]])('are one product, [%s]', async (shape) => {
    const args = [ramp([...shape.slice(0, -1), 1]), ramp(shape, 1)]
    const swapped: Fn = (w, x) => tf.sum(tf.mul(x!, w!), -2)
    for (const fn of [sum(true), sum(false), swapped]) {
      expect(operations(fn, args)).toContain('MatMul')
      expect(operations(fn, args)).not.toContain('ReduceSum')
      expect(await difference(fn, args)).toBeLessThan(1e-6)
    }
  })

  it('may be asked for their terms too', async () => {
    const fn: Fn = (w, x) => tf.add(tf.mul(w!, x!), tf.sum(tf.mul(w!, x!), 1, true))
    expect(await difference(fn, [ramp([4, 7, 1]), ramp([4, 7, 3])])).toBeLessThan(1e-6)
  })

  it('are left alone where they are something else', async () => {
    const [w, x] = [ramp([4, 7, 1]), ramp([4, 7, 3])]
    const cases: readonly (readonly [Fn, readonly HostTensor[]])[] = [
      [(a, b) => tf.sum(tf.mul(a!, b!), 2), [w, x]],
      [(a, b) => tf.sum(tf.mul(a!, b!), [0, 1]), [w, x]],
      [(a, b) => tf.mean(tf.mul(a!, b!), 1), [w, x]],
      [sum(true), [x, x]],
      [sum(true), [ramp([1, 7, 1]), x]],
      [sum(true), [w, w]],
      [sum(false), [ramp([4, 0, 1]), ramp([4, 0, 3])]],
    ]
    for (const [fn, args] of cases) {
      expect(operations(fn, args)).not.toContain('MatMul')
      expect(await difference(fn, args)).toBeLessThan(1e-6)
    }
  })
})

describe('broadcasts', () => {
  const inside = ({ shape }: { shape: readonly number[] }) => /(^|,)([2-9]|\d\d+)(,.*)?,1(,|$)/.test(String(shape))

  it.each([[[40, 1, 6]], [[40, 6, 1]], [[1, 40, 1, 1, 6, 1]]])(
    'of a number have no axes of size 1 inside, [%s]: a chain is reshaped at its ends',
    async (shape) => {
      const fn: Fn = (x, y) => {
        const z = tf.sqrt(tf.abs(tf.add(tf.mul(x!, 2), y!)))
        return tf.where(tf.greater(z, 0.5), tf.clipByValue(z, 0.6, 0.9), tf.sub(1, z))
      }
      const args = [ramp(shape), ramp(shape, 1)]
      const { nodes } = optimised(fn, args)
      const elementwise = nodes.filter(({ op }) => op !== 'Reshape')
      expect(elementwise.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]).some(inside)).toBe(false)
      expect(nodes.length - elementwise.length).toBe(3)
      expect(await difference(fn, args)).toBeLessThan(1e-6)
    },
  )

  it('in many short runs are expanded, once', async () => {
    const fn: Fn = (x, y) => tf.mul(tf.sub(x!, y!), tf.add(x!, y!))
    const args = [ramp([64, 8, 6]), ramp([64, 1, 6], 1)]
    expect(operations(fn, args)).toEqual(['Expand', 'Sub', 'Add', 'Mul'])
    expect(await difference(fn, args)).toBeLessThan(1e-6)
  })

  it('in few runs, in long ones, of single numbers, and of both operands are left alone', async () => {
    const shapes = [
      [
        [4, 8, 6],
        [4, 1, 6],
      ],
      [[300, 64], [64]],
      [
        [300, 8, 1],
        [300, 1, 1],
      ],
      [
        [300, 8, 6],
        [300, 8, 1],
      ],
      [
        [300, 1, 6],
        [1, 8, 1],
      ],
      [[300, 8, 6], []],
    ]
    for (const [a, b] of shapes as [number[], number[]][]) {
      const fn: Fn = (x, y) => tf.sub(x!, y!)
      expect(operations(fn, [ramp(a), ramp(b)])).not.toContain('Expand')
      expect(await difference(fn, [ramp(a), ramp(b)])).toBe(0)
    }
  })

  it('give what TensorFlow.js gives, whatever the shapes', async () => {
    const axes = fc.array(
      fc.tuple(fc.constantFrom(1, 1, 2, 3, 70, 0), fc.constantFrom('both', 'first', 'second', 'third')),
      { minLength: 1, maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(axes, fc.integer({ min: 0, max: 4 }), async (sizes, dropped) => {
        const shape = (owner: string) => sizes.map(([n, who]) => (who === 'both' || who === owner ? n : 1))
        const args = [ramp(shape('first')), ramp(shape('second'), 1), ramp(shape('third').slice(dropped), 2)]
        const fn: Fn = (x, y, z) => {
          const u = tf.add(tf.mul(x!, y!), 1)
          return tf.where(tf.less(u, z!), tf.sub(tf.maximum(u, y!), 2), tf.mul(tf.sum(tf.mul(u, x!), -1, true), z!))
        }
        expect(await difference(fn, args)).toBeLessThan(1e-4)
      }),
      { numRuns: 60, seed: 1 },
    )
  })
})

describe('constants', () => {
  it('are what an array held when it was taken, be it filled anew', async () => {
    const fn: Fn = (x) => {
      const buffer = new Float32Array(2000).fill(1).map((n, i) => n + i)
      const before = tf.mul(x!, tf.tensor1d(buffer))
      buffer.reverse()
      return tf.sub(before, tf.tensor1d(buffer))
    }
    expect(await difference(fn, [ramp([2000])])).toBeLessThan(1e-5)
  })
})

describe('products of what repeats a row', () => {
  it('are computed once', async () => {
    const fn: Fn = (x, w) => {
      const time = tf.fill([100], 0.3)
      const features = tf.concat([tf.cos(tf.expandDims(time, 1)), tf.sin(tf.expandDims(time, 1))], 1)
      return tf.add(x!, tf.matMul(features as tf.Tensor2D, w as tf.Tensor2D))
    }
    const args = [ramp([100, 4]), ramp([2, 4])]
    expect(optimised(fn, args).flops()).toBe(2 * 2 * 4)
    expect(await difference(fn, args)).toBeLessThan(1e-6)
  })
})
