import { Presets, SingleBar } from 'cli-progress'
import pc from 'picocolors'

/** What a person wants to see of a run while it goes on. */
export interface ProgressReport {
  readonly step: number
  /** Environment steps a second, lately. */
  readonly stepsPerSecond: number
  /** Return of the last evaluation; undefined before the first. */
  readonly evaluationReturn: number | undefined
  /** Effective sample size of the candidates, of K; undefined before the first update. */
  readonly effectiveSampleSize: number | undefined
}

export interface Progress {
  update(report: ProgressReport): void
  /** A line that stays. */
  line(text: string): void
  stop(): void
}

const number = (value: number | undefined, digits: number) => (value === undefined ? '–' : value.toFixed(digits))

export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  const whole = Math.round(seconds)
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return h > 0 ? `${h}h ${m}m` : m > 0 ? `${m}m ${s}s` : `${s}s`
}

const facts = (report: ProgressReport, total: number) => ({
  eta: formatDuration((total - report.step) / report.stepsPerSecond),
  rate: report.stepsPerSecond.toFixed(0),
  return: number(report.evaluationReturn, 1),
  ess: number(report.effectiveSampleSize, 1),
})

/** A bar on a terminal. */
function bar(total: number, stream: NodeJS.WriteStream): Progress {
  const single = new SingleBar(
    {
      stream,
      format: `${pc.cyan('{bar}')} {percentage}% | {value}/{total} steps | {rate}/s | ETA {remaining} | return {return} | ESS {ess}`,
      hideCursor: true,
      gracefulExit: false,
    },
    Presets.rect,
  )
  single.start(total, 0, { remaining: '–', rate: '–', return: '–', ess: '–' })
  return {
    update(report) {
      const { eta, ...rest } = facts(report, total)
      single.update(report.step, { remaining: eta, ...rest })
    },
    line(text) {
      stream.write(`\r\x1b[K${text}\n`)
    },
    stop: () => single.stop(),
  }
}

/** Plain lines, a few a minute, where there is no terminal. */
function lines(total: number, stream: NodeJS.WritableStream): Progress {
  let last = { time: 0, step: -1 }
  return {
    update(report) {
      if (report.step === last.step || (performance.now() - last.time < 10_000 && report.step < total)) return
      last = { time: performance.now(), step: report.step }
      const { eta, rate, return: value, ess } = facts(report, total)
      stream.write(`step ${report.step}/${total}  ${rate} steps/s  ETA ${eta}  return ${value}  ESS ${ess}\n`)
    },
    line: (text) => void stream.write(`${text}\n`),
    stop() {},
  }
}

export function createProgress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? bar(total, stream) : lines(total, stream)
}
