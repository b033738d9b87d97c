import { RevflowError } from '@revflow/core'
import type { Picture } from './draw.ts'
import { glyph, glyphHeight, glyphWidth } from './glyphs.ts'

/** A picture and what to write under it. */
export interface Captioned {
  readonly picture: Picture
  /** In letters, digits and `. , - _ : / =`; others become blanks. */
  readonly caption: string
}

const margin = 4
/** Screen pixels a pixel of a letter takes. */
const zoom = 2
const captionHeight = zoom * glyphHeight + 2 * margin

/**
 * Pictures of one size in a grid, row by row, each above its caption.
 * @param columns default: as near a square as can be
 * @throws RevflowError (`invalid-option`) where there is none, or sizes differ
 */
export function contactSheet(entries: readonly Captioned[], columns = Math.ceil(Math.sqrt(entries.length))): Picture {
  const { width: cellWidth, height: cellHeight } = sizeOf(entries)
  const rows = Math.ceil(entries.length / columns)
  const [stepX, stepY] = [cellWidth + margin, cellHeight + captionHeight]
  const sheet = { width: columns * stepX + margin, height: rows * stepY + margin }
  const data = new Uint8ClampedArray(4 * sheet.width * sheet.height).fill(255)
  for (const [i, { picture, caption }] of entries.entries()) {
    const left = margin + (i % columns) * stepX
    const top = margin + Math.floor(i / columns) * stepY
    for (let y = 0; y < cellHeight; y++)
      data.set(picture.data.subarray(4 * cellWidth * y, 4 * cellWidth * (y + 1)), 4 * ((top + y) * sheet.width + left))
    const fitting = caption.slice(0, Math.floor(cellWidth / (zoom * (glyphWidth + 1))))
    write(data, sheet.width, { text: fitting, left, top: top + cellHeight + margin })
  }
  return { ...sheet, data }
}

/** The size all pictures share. */
function sizeOf(entries: readonly Captioned[]): { width: number; height: number } {
  const sizes = new Set(entries.map(({ picture: { width, height } }) => `${width} × ${height}`))
  if (sizes.size === 1) return entries[0]!.picture
  throw new RevflowError({
    code: 'invalid-option',
    path: 'contactSheet',
    expected: 'pictures of one size',
    received: [...sizes].join(', ') || 'none',
  })
}

interface Text {
  readonly text: string
  readonly left: number
  readonly top: number
}

function write(data: Uint8ClampedArray, width: number, { text, left, top }: Text): void {
  for (const [i, character] of [...text].entries()) {
    const isInk = glyph(character)
    const start = left + i * zoom * (glyphWidth + 1)
    for (let y = 0; y < zoom * glyphHeight; y++)
      for (let x = 0; x < zoom * glyphWidth; x++)
        if (isInk(Math.floor(x / zoom), Math.floor(y / zoom)))
          data.fill(50, 4 * ((top + y) * width + start + x), 4 * ((top + y) * width + start + x) + 3)
  }
}
