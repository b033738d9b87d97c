import { RevflowError } from '@revflow/core'
import { encode as encodePngImage } from 'fast-png'
import { encode as encodeGifFrames } from 'modern-gif'
import type { Picture } from './draw.ts'

/** A picture as a PNG file. */
export function encodePng({ width, height, data }: Picture): Uint8Array {
  return encodePngImage({ width, height, data, channels: 4 })
}

/**
 * Pictures of one size as a GIF file that repeats for ever, in 255 colours chosen for all of them.
 * @param frameSeconds how long a picture stays, in whole hundredths of a second, 0.02 or more: viewers slow others down
 * @throws RevflowError (`invalid-option`) where there is no picture, sizes differ, or frames are too short
 */
export async function encodeGif(pictures: readonly Picture[], frameSeconds: number): Promise<Uint8Array> {
  const [first] = pictures
  const refuse = (path: string, expected: string, received: unknown) => {
    throw new RevflowError({ code: 'invalid-option', path: `encodeGif.${path}`, expected, received: `${received}` })
  }
  if (!first) return refuse('pictures', 'at least one picture', 'none')
  const { width, height } = first
  for (const { width: w, height: h } of pictures)
    if (w !== width || h !== height) refuse('pictures', `all of ${width} × ${height}`, `${w} × ${h}`)
  const hundredths = Math.round(100 * frameSeconds)
  if (!(hundredths >= 2)) refuse('frameSeconds', 'at least 0.02', frameSeconds)
  const frames = pictures.map(({ data }) => ({ data: data as Uint8ClampedArray<ArrayBuffer>, delay: 10 * hundredths }))
  return new Uint8Array(await encodeGifFrames({ width, height, frames, looped: true, loopCount: 0 }))
}
