// Speaks the protocol of external environments: a point on a line. The argument says what it gets wrong.
import { createInterface } from 'node:readline'

const fault = process.argv[2]
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
if (fault === 'dies at once') {
  process.stderr.write('no such task\n')
  process.exit(2)
}
say({
  protocol: fault === 'another protocol' ? 2 : 1,
  task: 'external-point',
  observation: [{ name: 'position', size: 1 }],
  action: { names: ['push'], low: [-0.5], high: [null] },
})
let x = 0
createInterface(process.stdin).on('line', (text) => {
  const { reset, step, close } = JSON.parse(text)
  if (close) process.exit()
  if (reset !== undefined) {
    x = (reset % 1000) / 3000
    return say({ observation: [x] })
  }
  if (fault === 'says nothing') return
  if (fault === 'babbles') return process.stdout.write('hello\n')
  if (fault === 'dies') process.exit(3)
  if (fault === 'says too much') return say({ observation: [1, 2], reward: 0, terminated: false, truncated: false })
  if (step[0] === 13) return say({ error: 'unlucky' })
  x += step[0]
  say({ observation: [x], reward: x / 3, terminated: x > 2, truncated: x < -2 })
})
