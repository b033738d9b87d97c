import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Estimator, listEstimators } from '@revflow/stein'
import { fileWriter } from '../run/folder.ts'

/** What there is to say of an estimator without running it. */
const describeEstimator = ({ name, reference, targets, needsGradient, cost }: Estimator) => ({
  name,
  reference,
  targets,
  needsGradient,
  /** Critic evaluations for 32 candidates: a value 1, a value with its gradient 2. */
  costOf32: cost(32),
})

/** The list of estimators as a page of the docs at `file`; names lead to pages of their own, where there are such. */
export function estimatorsPage(file: string): string {
  const pageOf = (name: string) =>
    existsSync(join(dirname(file), 'estimators', `${name}.md`)) ? `[\`${name}\`](estimators/${name}.md)` : `\`${name}\``
  const rows = listEstimators()
    .map(describeEstimator)
    .map(
      (e) =>
        `| ${pageOf(e.name)} | ${e.targets.join(', ')} | ${e.needsGradient ? 'yes' : 'no'} | ${e.costOf32} | ${e.reference} |`,
    )
  return `# Estimators

Written by \`npx -y pnpm@12 revflow estimators --docs docs/estimators.md\`. \`targets\`: kinds of target whose posterior
means it converges to. \`cost\`: critic evaluations for 32 candidates, a value 1, a value with its gradient 2. Errors at
equal cost: [the estimator study](../benchmarks/results/estimators/report.md). How to add one:
[contribute an estimator](guides/contribute-an-estimator.md).

| name | targets | gradients | cost | reference |
| --- | --- | --- | --: | --- |
${rows.join('\n')}
`
}

/** `revflow estimators`: names and references, all there is to say as JSON, or the page of the docs. */
export function estimatorsCommand({ json, docs }: { readonly json?: boolean; readonly docs?: string }): number {
  const all = listEstimators()
  const width = Math.max(...all.map(({ name }) => name.length))
  if (docs !== undefined) fileWriter(docs)(estimatorsPage(docs))
  else if (json) process.stdout.write(`${JSON.stringify(all.map(describeEstimator), null, 2)}\n`)
  else for (const { name, reference } of all) process.stdout.write(`${name.padEnd(width)}  ${reference}\n`)
  return 0
}
