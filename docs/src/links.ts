import { dirname, join, normalize } from 'node:path'
import markdownIt from 'markdown-it'

/** The anchor of a heading, alike here and on GitHub for words with single spaces or signs between them. */
const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_]+/gu, '-')
    .replace(/^-|-$/g, '')

/**
 * Links and pictures of Markdown files that lead nowhere, as `file: link`, found without a network: files and folders have
 * to be there, anchors to be those of a heading.
 * @param files text of each file by its path
 * @param exists whether there is a file or folder at a path
 */
export function deadLinks(files: ReadonlyMap<string, string>, exists: (path: string) => boolean): string[] {
  const parser = markdownIt({ html: true })
  const pages = new Map(
    [...files].map(([file, text]) => {
      const tokens = parser.parse(text, {})
      const headings = tokens.filter((_, i) => tokens[i - 1]?.type === 'heading_open')
      const inline = tokens.flatMap(({ children }) => children ?? [])
      return [
        file,
        {
          anchors: new Set(headings.map(({ content }) => slug(content))),
          links: inline.flatMap((token) => token.attrGet('href') ?? token.attrGet('src') ?? []),
        },
      ] as const
    }),
  )
  const dead = (file: string, link: string) => {
    if (/^[a-z]+:/i.test(link)) return false
    const [path = '', anchor] = link.split('#') as [string, string?]
    const target = path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path)))
    if (!pages.has(target) && !exists(target)) return true
    return anchor !== undefined && pages.get(target)?.anchors.has(decodeURIComponent(anchor)) !== true
  }
  return [...pages].flatMap(([file, { links }]) =>
    links.filter((link) => dead(file, link)).map((link) => `${file}: ${link}`),
  )
}
