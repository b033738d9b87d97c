import { z } from 'zod'
import { type AppendFile, openAppendFile } from './append-file.ts'
import { scalarEvent, tfRecord, versionEvent } from './tensorboard.ts'

/** Bytes of each log when a checkpoint was made. */
export const offsetsSchema = z.strictObject({
  evaluations: z.int().nonnegative(),
  metrics: z.int().nonnegative(),
  events: z.int().nonnegative(),
})
export type LogOffsets = z.infer<typeof offsetsSchema>

/** A line of a log: a step and what was measured there. */
export type Row = Readonly<{ step: number } & Record<string, number | readonly number[]>>

/** The logs of a run: JSON lines to compute with, TensorBoard events to look at. */
export interface Logs {
  evaluation(row: Row): void
  metrics(row: Row): void
  offsets(): LogOffsets
  /**
   * Cuts off what was logged after a checkpoint, so that a resumed run logs nothing twice. Says which files lack lines from
   * before it, which then stay lost.
   */
  truncate(offsets: LogOffsets): string[]
  close(): void
}

/** @param now wall time in seconds, for TensorBoard only */
export function openLogs(
  paths: Readonly<Record<keyof LogOffsets, string>>,
  now: () => number = () => Date.now() / 1000,
): Logs {
  const files = {
    evaluations: openAppendFile(paths.evaluations),
    metrics: openAppendFile(paths.metrics),
    events: openAppendFile(paths.events),
  }
  const open = () => {
    if (files.events.offset() === 0) files.events.append(tfRecord(versionEvent(now())))
  }
  open()
  const write = (file: AppendFile, group: string, row: Row) => {
    file.append(`${JSON.stringify(row)}\n`)
    const scalars = Object.entries(row).flatMap(([key, value]) =>
      key !== 'step' && typeof value === 'number' ? [[`${group}/${key}`, value] as const] : [],
    )
    files.events.append(tfRecord(scalarEvent(now(), row.step, Object.fromEntries(scalars))))
  }
  return {
    evaluation: (row) => write(files.evaluations, 'evaluation', row),
    metrics: (row) => write(files.metrics, 'training', row),
    offsets: () => ({
      evaluations: files.evaluations.offset(),
      metrics: files.metrics.offset(),
      events: files.events.offset(),
    }),
    truncate(offsets) {
      const lost = (Object.keys(files) as (keyof LogOffsets)[]).flatMap((key) => {
        const bytes = files[key].truncate(offsets[key])
        return bytes > 0 ? [`${bytes} bytes of ${paths[key]}, which were there at the checkpoint`] : []
      })
      open()
      return lost
    },
    close() {
      for (const file of Object.values(files)) file.close()
    },
  }
}
