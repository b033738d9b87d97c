const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** A table in Markdown; the columns after the first are `numbers`, aligned at the right, or text. */
export const markdownTable = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  others: 'numbers' | 'text' = 'numbers',
): string =>
  [row(header), row(header.map((_, i) => (i === 0 || others === 'text' ? '---' : '---:'))), ...rows.map(row)].join('\n')
