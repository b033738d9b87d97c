import type { Part, Row } from './study.ts'
export function report(rows: readonly Row[], options: { out: string; machine: string; parts: readonly Part[] }): void {
  process.stdout.write(`${rows.length} rows ${options.out}\n`)
}
