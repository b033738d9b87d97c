/**
 * Where a map of the repository, a list of `folder` items, differs from its folders: both ways, down to the given depth.
 * @param text Markdown with the map's list: lines such as "- `packages/core`: what it holds"
 * @param files paths of all files
 */
export function mapDifferences(text: string, files: readonly string[], depth = 2) {
  const mapped = new Set(Array.from(text.matchAll(/^ *- `([^`]+)`:/gm), ([, folder]) => folder!))
  const real = new Set(
    files.flatMap((file) => {
      const folders = file.split('/').slice(0, -1)
      return Array.from({ length: Math.min(depth, folders.length) }, (_, i) => folders.slice(0, i + 1).join('/'))
    }),
  )
  return {
    unmapped: [...real].filter((folder) => !mapped.has(folder)),
    gone: [...mapped].filter((folder) => !real.has(folder)),
  }
}
