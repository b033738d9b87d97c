import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Folders that hold what is made, not written. */
const made = new Set(['node_modules', 'dist', 'runs', 'coverage'])

/** Files of the repository, relative to it, sorted; without dotted folders and what is made. */
export function repositoryFiles(folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && !made.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? repositoryFiles(path) : [path]
    })
    .sort()
}

/** Where a Markdown file of the repository is on the site: docs/start.md at start.md, a README at its folder's index. */
export const pageOf = (file: string): string =>
  file
    .replace(/^docs\//, '')
    .replace(/^DEVELOP\.md$/, 'develop.md')
    .replace(/(^|\/)README\.md$/, '$1index.md')

/** The address of a page, without what GitHub and the site write differently. */
const addressOf = (file: string): string => `/${pageOf(file)}`.replace(/(index)?\.md$/, '')

/**
 * What a link in a Markdown file means on the site: the address of a page, or nothing where the target is a source file,
 * which is none. Links to other hosts and within the page stay as they are.
 * @param file the linking file, relative to the repository
 */
export function siteLink(file: string, href: string): string | undefined {
  if (/^([a-z]+:|#|\/)/i.test(href)) return href
  const [path = '', anchor] = href.split('#') as [string, string?]
  const target = normalize(join(dirname(file), decodeURIComponent(path)))
  const page = [target, join(target, 'README.md'), join(target, 'index.md')].find(
    (name) => name.endsWith('.md') && existsSync(join(root, name)),
  )
  // left as it is, a page that is missing is reported by the build
  if (page === undefined) return target.endsWith('.md') ? href : undefined
  return anchor === undefined ? addressOf(page) : `${addressOf(page)}#${anchor}`
}

/** A page in the list at the side: its first heading, and its address. */
export function sidebarItem(file: string, text?: string) {
  const heading = /^# +(.+)$/m.exec(readFileSync(join(root, file), 'utf8'))?.[1]
  return { text: text ?? heading?.replace(/`/g, '') ?? file, link: addressOf(file) }
}
