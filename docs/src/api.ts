import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Application, type NormalizedPath, type TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { root } from './site.ts'

/** Source files that packages export, by the name they are imported by. */
const entries = new Map(
  readdirSync(join(root, 'packages')).flatMap((folder) => {
    const place = join(root, 'packages', folder)
    const { name, exports } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'))
    return Object.entries(exports as Record<string, { 'revflow-source'?: string }>).flatMap(([path, conditions]) => {
      const source = conditions['revflow-source']
      return source === undefined ? [] : [[join(place, source) as NormalizedPath, join(name, path)] as const]
    })
  }),
)

/** Writes a page of the API for each of them to docs/api, which is not kept: the build makes it. */
const options: Partial<TypeDocOptions & PluginOptions> = {
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: [...entries.keys()],
  tsconfig: join(root, 'tsconfig.json'),
  out: join(root, 'docs/api'),
  outputFileStrategy: 'modules',
  readme: 'none',
  excludePrivate: true,
  disableSources: true,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  skipErrorChecking: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  expandObjects: true,
  excludeExternals: true,
  logLevel: 'Error',
}
const app = await Application.bootstrapWithPlugins(options)
const project = await app.convert()
if (!project) throw new Error('typedoc found nothing to write about')
for (const module of project.children ?? []) {
  const file = project.getSymbolIdFromReflection(module)?.fileName
  // as imported, without the scope: the name of the page's file
  module.name = (entries.get(file as NormalizedPath) ?? module.name).replace('@revflow/', '')
}
await app.generateOutputs(project)
