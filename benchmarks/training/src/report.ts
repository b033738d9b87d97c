import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inWords, markdownTable } from '@revflow/benchmark-shared'
import { learningCurve } from '@revflow/trainer'
import { efficiencyFigure, intervalFigure, profileFigure } from './figures.ts'
import type { PlannedRun, Profile } from './plan.ts'
import { collect, type FinishedRun, RULES, type Rule, writeRaw } from './results.ts'
import { aggregate, efficiencyCurve, final, profileCurve, runsOf, scoresOf, taskCurve } from './summary.ts'
import {
  aggregateTable,
  escapeHtml,
  htmlTable,
  improvementRows,
  improvementTable,
  type Table,
  taskTable,
} from './tables.ts'

/** The rule that figures show; tables have every rule. */
const SHOWN: Rule = 'return'

interface Section {
  readonly title: string
  readonly text?: string
  readonly tables?: readonly Table[]
  readonly figures?: readonly string[]
}

/**
 * Writes what is done so far as report.md and report.html with figures as SVG, and the raw runs compressed. Returns the
 * number of runs in it.
 */
export function report(profile: Profile, runs: readonly PlannedRun[], runsDir: string, out: string): number {
  mkdirSync(out, { recursive: true })
  const finished = collect(runs, runsDir, out)
  writeRaw(finished, out)
  const figures = figuresOf(profile, finished)
  for (const [name, svg] of Object.entries(figures)) writeFileSync(join(out, `${name}.svg`), svg)
  const sections = sectionsOf(profile, finished, runs.length, Object.keys(figures))
  writeFileSync(join(out, 'report.md'), markdown(profile.name, sections))
  writeFileSync(join(out, 'report.html'), html(profile.name, sections, figures))
  return finished.length
}

function sectionsOf(profile: Profile, runs: readonly FinishedRun[], planned: number, figures: string[]): Section[] {
  const { seeds, description, variants, baseline } = profile
  const steps = [...new Set(runs.map(({ config }) => config.steps))].join(', ')
  const repeat = [...new Set(runs.map(({ config }) => config.actionRepeat))].join(', ')
  const facts = [
    description,
    `${runs.length} of ${planned} runs: ${Object.keys(variants).join(', ')}; seeds ${seeds.join(', ')}; ${steps} environment steps with an action repeat of ${repeat}.`,
    madeAt(runs),
    'Returns are those of the last evaluation, none selected. Intervals: 95 % bootstrap, runs resampled within each task. A critic evaluation is one action through both critics, counted 1 for a value and 2 with a gradient. Milliseconds are by the clock, some runs at a time, whatever else the machine did.',
  ]
  const rules = Object.entries(RULES) as [Rule, string][]
  const shown = (prefix: string) => figures.filter((name) => name.startsWith(prefix))
  return [
    { title: profile.name, text: facts.filter(Boolean).join('\n\n') },
    {
      title: `All tasks, ${RULES[SHOWN]}`,
      figures: [...shown('iqm'), ...shown('efficiency'), ...shown('profile'), ...shown('improvement')],
    },
    ...rules.map(([rule, name]) => ({
      title: `Evaluation: ${name} (\`${rule}\`)`,
      tables: [
        aggregateTable(profile, runs, rule),
        ...(baseline === undefined ? [] : [improvementTable(profile, runs, rule)]),
        taskTable(profile, runs, rule),
      ],
    })),
    { title: `Each task, ${RULES[SHOWN]}`, text: 'Mean over seeds; bands from the least to the greatest.', figures: shown('task-') },
  ] // biome-ignore format: sections one by one
}

/** Machines, days and commits of the runs, as far as they are known. */
function madeAt(runs: readonly FinishedRun[]): string {
  const made = runs.flatMap((run) => run.made ?? [])
  return made.length === 0 ? '' : `Made ${inWords(made)}.`
}

/** Figures by name, as far as there are runs for them. */
function figuresOf(profile: Profile, runs: readonly FinishedRun[]): Record<string, string> {
  const variants = Object.keys(profile.variants)
  const scores = (variant: string) => scoresOf(profile, runsOf(runs, variant), (run) => final(run, SHOWN))
  const named = <T extends object>(rows: (variant: string) => readonly T[]) =>
    variants.flatMap((variant) => rows(variant).map((row) => ({ variant, ...row })))
  const means = named((variant) => {
    const statistics = aggregate(scores(variant))
    return statistics ? [statistics['interquartile mean']] : []
  })
  const improvements = improvementRows(profile, runs, SHOWN)
  const tasks = profile.tasks.map((task) => {
    const curves = variants.map((name) => ({ name, points: taskCurve(runsOf(runs, name, task), SHOWN) }))
    return [`task-${task}`, learningCurve({ title: task, curves: curves.filter((c) => c.points.length > 0) })] as const
  })
  return {
    ...(means.length > 0 && {
      iqm: intervalFigure('interquartile mean of return / 1000', means),
      efficiency: efficiencyFigure(variants, named((v) => efficiencyCurve(profile, runsOf(runs, v), SHOWN))),
      profile: profileFigure(variants, named((v) => profileCurve(scores(v)))),
    }),
    ...(improvements.length > 0 && {
      improvement: intervalFigure(`P(${profile.baseline} > variant)`, improvements, 0.5),
    }),
    ...Object.fromEntries(tasks),
  } // biome-ignore format: figures one by one
}

const markdown = (name: string, sections: readonly Section[]): string =>
  sections
    .map(({ title, text = '', tables = [], figures = [] }) =>
      [
        title === name ? `# ${title}` : `## ${title}`,
        text,
        ...tables.filter(({ rows }) => rows.length > 0).map(({ header, rows }) => markdownTable(header, rows, 'text')),
        figures.map((figure) => `![${figure}](${figure}.svg)`).join('\n'),
      ]
        .filter(Boolean)
        .join('\n\n'),
    )
    .join('\n\n')
    .concat('\n')

const STYLE = `body{font:15px/1.5 sans-serif;max-width:1100px;margin:2em auto;padding:0 1em}
table{border-collapse:collapse;margin:1em 0;font-size:13px}
th,td{border:1px solid #ccc;padding:3px 8px;text-align:left}
svg{max-width:48%;height:auto;margin:0 1% 1em 0}`

/** One file that stands by itself. */
function html(name: string, sections: readonly Section[], figures: Readonly<Record<string, string>>): string {
  const body = sections.map(({ title, text = '', tables = [], figures: names = [] }) =>
    [
      title === name ? `<h1>${title}</h1>` : `<h2>${title.replace(/`/g, '')}</h2>`,
      ...text
        .split('\n\n')
        .filter(Boolean)
        .map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
      ...tables.filter(({ rows }) => rows.length > 0).map(htmlTable),
      ...names.map((figure) => figures[figure]!),
    ].join('\n'),
  )
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${name}</title><style>${STYLE}</style>
<body>
${body.join('\n')}
</body></html>
`
}
