import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { z } from 'zod'
import { publicPackages } from './packages.ts'

const entrySchema = z.looseObject({ exports: z.record(z.string(), z.unknown()) })
const sourceSchema = z.looseObject({ 'revflow-source': z.string() })

/** Sources of a package's entry points, by what is imported: `@revflow/envs/vector`. */
function entryPoints(name: string, folder: string): [specifier: string, file: string][] {
  const { exports } = entrySchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  return Object.entries(exports).flatMap(([path, conditions]) => {
    const source = sourceSchema.safeParse(conditions)
    return source.success ? [[join(name, path), join(folder, source.data['revflow-source'])]] : []
  })
}

/** Every public symbol without a doc comment, but for those of dependencies: one line each, with the place. */
export function undocumented(root: string): string[] {
  const entries = publicPackages(root).flatMap(({ name, folder }) => entryPoints(name, folder))
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram({ rootNames: entries.map(([, file]) => file), options })
  const checker = program.getTypeChecker()

  return entries.flatMap(([specifier, file]) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!
    return checker.getExportsOfModule(module).flatMap((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      // `export * as` is documented where it is written: what it stands for is a file.
      const isFile = symbol.declarations?.some(ts.isSourceFile) ?? false
      const declaration = (isFile ? exported : symbol).declarations?.[0]
      if (declaration === undefined) return [`${specifier}: ${exported.name} cannot be found`]
      const source = declaration.getSourceFile()
      const isDocumented = isFile
        ? ts.getJSDocCommentsAndTags(declaration.parent).length > 0
        : symbol.getDocumentationComment(checker).length > 0
      if (isDocumented || program.isSourceFileFromExternalLibrary(source)) return []
      const { line } = source.getLineAndCharacterOfPosition(declaration.getStart())
      return [`${relative(root, source.fileName)}:${line + 1}: ${exported.name} of ${specifier} has no doc comment`]
    })
  })
}
