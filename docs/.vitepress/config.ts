import { join } from 'node:path'
import { defineConfig, type Plugin } from 'vitepress'
import { pageOf, repositoryFiles, root, sidebarItem, siteLink } from '../src/site.ts'

const files = repositoryFiles().filter((file) => file.endsWith('.md'))
const isIndex = (file: string) => /(README|index)\.md$/.test(file)
/** Pages whose file matches, in order of their names, an index first; called by their heading, or by what is said. */
const pages = (pattern: RegExp, text?: (file: string) => string) =>
  files
    .filter((file) => pattern.test(file))
    .sort((a, b) => Number(isIndex(b)) - Number(isIndex(a)) || (a < b ? -1 : 1))
    .map((file) => sidebarItem(file, text?.(file)))
/** The path of a page below a folder. */
const below = (folder: string) => (file: string) => file.slice(folder.length).replace(/(\/README)?\.md$/, '')
const docs = (...names: string[]) => names.map((name) => sidebarItem(`docs/${name}.md`))
const packageNames = [...new Set(files.flatMap((file) => /^packages\/([^/]+)\/README\.md$/.exec(file)?.[1] ?? []))]

/** Pages outside of this folder have no vue beside them: all take the one that is found from here. */
const vueForAll: Plugin = {
  name: 'vue-for-all-pages',
  enforce: 'pre',
  resolveId(source) {
    if (!/^vue(\/|$)/.test(source)) return
    return this.resolve(source, join(root, 'docs/package.json'), { skipSelf: true })
  },
}

/** Every Markdown file of the repository is a page, where it lies: links work here and in the repository alike. */
export default defineConfig({
  title: 'revflow',
  description: 'Flow policies trained towards Boltzmann distributions with Reverse Flow Matching, in TypeScript',
  srcDir: root,
  srcExclude: ['.*/**', '**/runs/**', '**/fixtures/**', '**/coverage/**'],
  rewrites: pageOf,
  cleanUrls: true,
  vite: { plugins: [vueForAll] },
  markdown: {
    math: true,
    config(md) {
      md.core.ruler.push('repository-links', ({ tokens, env }) => {
        // the search index has one path alone, the real one
        const file = String(env.realPath ?? env.path).slice(root.length)
        for (const { children } of tokens)
          for (const [i, token] of (children ?? []).entries()) {
            if (token.type !== 'link_open') continue
            const link = siteLink(file, token.attrGet('href') ?? '')
            if (link !== undefined) {
              token.attrSet('href', link)
              continue
            }
            // links hold no links: the next end is this one's
            const end = children!.slice(i).find(({ type }) => type === 'link_close')!
            token.tag = end.tag = 'span'
            token.attrs = null
          }
      })
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Choose', link: '/choose' },
      { text: 'Results', link: '/benchmarks/results/estimators/report' },
    ],
    sidebar: [
      { text: 'revflow', items: [...docs('start', 'choose', 'determinism', 'engines', 'faq')] },
      {
        text: 'Concepts',
        items: docs(
          ...['schedules', 'conversions', 'posterior-means', 'stein', 'bounded-actions', 'temperature'].map(
            (name) => `concepts/${name}`,
          ),
        ),
      },
      { text: 'Guides', items: [...pages(/^docs\/guides\//), sidebarItem('DEVELOP.md')] },
      {
        text: 'Packages',
        items: packageNames.map((name) => ({
          ...sidebarItem(`packages/${name}/README.md`, name),
          collapsed: true,
          items: [...pages(new RegExp(`^packages/${name}/docs/`)), ...apiOf(name)],
        })),
      },
      { text: 'Agents', collapsed: true, items: pages(/^docs\/agents\//) },
      { text: 'Environments', collapsed: true, items: pages(/^docs\/envs\//) },
      {
        text: 'Estimators and results',
        items: [
          ...docs('estimators'),
          ...pages(/^docs\/estimators\//),
          ...pages(/^benchmarks\/results\//, below('benchmarks/results/')),
        ],
      },
    ],
  },
})

/** Generated pages of a package: its API, and that of its other entries. */
function apiOf(name: string) {
  return pages(new RegExp(`^docs/api/${name}(/|\\.md$)`), (file) => `API of ${below('docs/api/')(file)}`)
}
