import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { boundedFigure } from './figures/bounded.ts'
import { conversionsFigure } from './figures/conversions.ts'
import { flowFigure } from './figures/flow.ts'
import { schedulesFigure } from './figures/schedules.ts'
import { steinFigure } from './figures/stein.ts'
import { temperatureFigure } from './figures/temperature.ts'
import { root } from './site.ts'

/** The pictures of the concepts, as SVG, computed by the packages themselves: docs/figures/<name>.svg. */
export const figures: Readonly<Record<string, () => string>> = {
  schedules: schedulesFigure,
  conversions: conversionsFigure,
  flow: flowFigure,
  stein: steinFigure,
  bounded: boundedFigure,
  temperature: temperatureFigure,
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const [name, draw] of Object.entries(figures))
    writeFileSync(join(root, 'docs/figures', `${name}.svg`), `${draw()}\n`)
