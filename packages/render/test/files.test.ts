import { decode as decodePng } from 'fast-png'
import { decodeFrames, decode as decodeGif } from 'modern-gif'
import { describe, expect, test } from 'vitest'
import { contactSheet, encodeGif, encodePng, type Picture } from '../src/index.ts'

/** A picture with a different colour in each corner. */
function picture(width: number, height: number, shade: number): Picture {
  const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 4) % width, Math.floor(i / 4 / width)]
    return [(255 * x) / (width - 1), (255 * y) / (height - 1), shade, 255][i % 4]!
  })
  return { width, height, data }
}

test('a PNG decodes to the picture', () => {
  const original = picture(17, 9, 100)
  const { width, height, channels, data } = decodePng(encodePng(original))
  expect({ width, height, channels, data: [...data] }).toEqual({
    width: 17,
    height: 9,
    channels: 4,
    data: [...original.data],
  })
})

describe('encodeGif', () => {
  test('keeps every picture, its time and nearly its colours, for ever', async () => {
    const pictures = [0, 90, 180, 180].map((shade) => picture(20, 10, shade))
    const file = await encodeGif(pictures, 0.05)
    const gif = decodeGif(file)
    expect(gif).toMatchObject({ version: '89a', width: 20, height: 10, looped: true, loopCount: 0 })
    const frames = decodeFrames(file)
    expect(frames.map(({ delay }) => delay)).toEqual([50, 50, 50, 50])
    for (const [i, { data }] of frames.entries()) {
      const errors = data.map((value, at) => Math.abs(value - pictures[i]!.data[at]!))
      expect(errors.reduce((a, b) => a + b) / errors.length).toBeLessThan(12)
    }
  })

  test('refuses what cannot be a clip', async () => {
    await expect(encodeGif([], 0.04)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RevflowError: encodeGif.pictures: expected at least one picture, received none]`,
    )
    await expect(encodeGif([picture(4, 4, 0), picture(4, 5, 0)], 0.04)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RevflowError: encodeGif.pictures: expected all of 4 × 4, received 4 × 5]`,
    )
    await expect(encodeGif([picture(4, 4, 0)], 0.01)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RevflowError: encodeGif.frameSeconds: expected at least 0.02, received 0.01]`,
    )
  })
})

describe('contactSheet', () => {
  test('shows every picture unchanged, row by row, with its caption below', () => {
    const entries = [10, 20, 30, 40, 50].map((shade) => ({ picture: picture(40, 20, shade), caption: `${shade}` }))
    const sheet = contactSheet(entries)
    const cell = (i: number, top: number, rows: number) => {
      const [left, start] = [4 + (i % 3) * 44, 4 + Math.floor(i / 3) * 46 + top]
      return Array.from({ length: rows }, (_, y) => {
        const at = 4 * ((start + y) * sheet.width + left)
        return [...sheet.data.subarray(at, at + 160)]
      }).flat()
    }
    expect([sheet.width, sheet.height]).toEqual([4 + 3 * 44, 4 + 2 * 46])
    for (const [i, { picture }] of entries.entries()) expect(cell(i, 0, 20)).toEqual([...picture.data])
    const captions = entries.map((_, i) => cell(i, 20, 26))
    expect(new Set(captions.map(String)).size).toBe(5)
    for (const caption of captions) {
      const ink = caption.filter((value) => value < 255).length
      expect(ink).toBeGreaterThan(50)
      expect(ink).toBeLessThan(caption.length / 2)
    }
    expect(cell(5, 0, 46).every((value) => value === 255)).toBe(true)
  })

  test('keeps long captions within their cell, and pictures of one size', () => {
    const one = contactSheet([{ picture: picture(40, 4, 0), caption: 'x'.repeat(99) }])
    const right = Array.from({ length: one.height }, (_, y) => one.data[4 * (y * one.width + one.width - 1)])
    expect(right.every((value) => value === 255)).toBe(true)
    expect(() => contactSheet([])).toThrowErrorMatchingInlineSnapshot(
      `[RevflowError: contactSheet: expected pictures of one size, received none]`,
    )
    expect(() =>
      contactSheet([
        { picture: picture(4, 4, 0), caption: '' },
        { picture: picture(4, 6, 0), caption: '' },
      ]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RevflowError: contactSheet: expected pictures of one size, received 4 × 4, 4 × 6]`,
    )
  })
})
