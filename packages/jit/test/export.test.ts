import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportOnnx, HostTensor, jit } from '@revflow/jit'
import * as tf from '@tensorflow/tfjs'
import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'revflow-export-'))
beforeAll(() => tf.setBackend('cpu').then(() => undefined))
afterAll(() => rmSync(folder, { recursive: true }))

/** A network's loss with the gradient of its weights: products, a convolution, a softmax, integers and comparisons. */
const program = (p: { net: { w: tf.Tensor2D; filter: tf.Tensor4D } }, x: tf.Tensor4D, y: tf.Tensor1D) => {
  const loss = (w: tf.Tensor, filter: tf.Tensor) => {
    const h = tf.maxPool(tf.relu(tf.conv2d(x, filter as tf.Tensor4D, 1, 'same')), 2, 2, 'same')
    const logits = tf.matMul(tf.reshape(h, [x.shape[0], -1]), w as tf.Tensor2D)
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.oneHot(y, 3), tf.log(tf.softmax(logits))), 1))) as tf.Scalar
  }
  const { value, grads } = tf.valueAndGrads(loss)([p.net.w, p.net.filter])
  return { loss: value as tf.Tensor, grads: { w: grads[0]!, filter: grads[1]! }, positive: tf.greater(value, 0) }
}
const specs = [
  { net: { w: { shape: [18, 3] }, filter: { shape: [3, 3, 2, 2] } } },
  { shape: [2, 6, 5, 2] },
  { shape: [2], dtype: 'int32' },
] as const
const ramp = (shape: readonly number[]) =>
  HostTensor.from(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + 3 * i)),
    shape,
  )
const inputs = {
  '0/net/w': ramp([18, 3]),
  '0/net/filter': ramp([3, 3, 2, 2]),
  '1': ramp([2, 6, 5, 2]),
  '2': new HostTensor('int32', [2], Int32Array.of(2, 0)),
}
const expected = async () => {
  const compiled = jit(program)
  const out = await compiled({ net: { w: inputs['0/net/w'], filter: inputs['0/net/filter'] } }, inputs[1], inputs[2])
  await compiled.dispose()
  return {
    'out/loss': out.loss,
    'out/grads/w': out.grads.w,
    'out/grads/filter': out.grads.filter,
    'out/positive': out.positive,
  } as Record<string, HostTensor>
}

describe('exportOnnx', () => {
  it('names inputs and outputs by the paths of the trees, and computes the same', async () => {
    const session = await ort.InferenceSession.create(exportOnnx(program, ...specs))
    expect([...session.inputNames].sort()).toEqual(Object.keys(inputs).sort())
    const feeds = Object.entries(inputs).map(([name, { dtype, data, shape }]) => [
      name,
      new ort.Tensor(dtype, data as Float32Array, shape),
    ])
    const found = await session.run(Object.fromEntries(feeds))
    const wanted = await expected()
    expect(Object.keys(found)).toEqual(Object.keys(wanted))
    for (const [name, { data, shape }] of Object.entries(wanted)) {
      expect(found[name]!.dims).toEqual(shape)
      expect([...(found[name]!.data as Float32Array)]).toEqual([...data])
    }
    await session.release()
  })

  it('calls a single tensor `out`, and names a specification that is none', async () => {
    const session = await ort.InferenceSession.create(exportOnnx((x: tf.Tensor) => tf.neg(x), ramp([2])))
    expect([session.inputNames, session.outputNames]).toEqual([['0'], ['out']])
    await session.release()
    expect(() => exportOnnx((a: { x: tf.Tensor }) => tf.neg(a.x), { x: { shape: [1.5] } })).toThrow(
      "specification 'x'.shape.0",
    )
  })

  it('passes the ONNX checker and gives the same numbers in Python', async ({ skip }) => {
    const python = process.env.REVFLOW_PYTHON ?? 'python3'
    const probe = spawnSync(python, ['-c', 'import onnx, onnxruntime, numpy'])
    if (probe.status !== 0) skip(`${python} has no onnx, onnxruntime and numpy (REVFLOW_PYTHON names another)`)
    writeFileSync(join(folder, 'model.onnx'), exportOnnx(program, ...specs))
    const feeds = Object.entries(inputs).map(([name, { dtype, data, shape }]) => [
      name,
      { dtype, data: [...data], shape },
    ])
    writeFileSync(join(folder, 'feeds.json'), JSON.stringify(Object.fromEntries(feeds)))
    const script = `
import json, sys, numpy, onnx, onnxruntime
model, feeds = sys.argv[1:]
onnx.checker.check_model(onnx.load(model), full_check=True)
arrays = {k: numpy.array(v['data'], v['dtype']).reshape(v['shape']) for k, v in json.load(open(feeds)).items()}
session = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])
names = [o.name for o in session.get_outputs()]
print(json.dumps({n: numpy.asarray(a, 'float64').ravel().tolist() for n, a in zip(names, session.run(names, arrays))}))`
    const printed = execFileSync(python, ['-c', script, join(folder, 'model.onnx'), join(folder, 'feeds.json')])
    const found = JSON.parse(String(printed)) as Record<string, number[]>
    for (const [name, { data }] of Object.entries(await expected()))
      for (const [i, value] of [...data].entries()) expect(found[name]![i]).toBeCloseTo(value, 5)
  })
})
