import { parseOptions } from '@revflow/core'
import { z } from 'zod'
import { draw, type Picture } from './draw.ts'
import { type MujocoState, readCamera, readScene } from './mujoco.ts'

const optionsSchema = z.strictObject({
  /** Pixels; default 320 × 240. */
  width: z.int().min(1).max(4096).default(320),
  height: z.int().min(1).max(4096).default(240),
  /** Name or number of a camera of the model, or 'free'; default: the first, where there is one. */
  camera: z.union([z.string(), z.int().min(0)]).optional(),
  /** Rays along each side of a pixel, 1 … 4; default 2. */
  samples: z.int().min(1).max(4).default(2),
})
/** Options of {@link render}. */
export type RenderOptions = z.input<typeof optionsSchema>

/**
 * Draws the present state of a simulation. Equal states give equal pictures.
 * @param state `env.physics`, or anything else with mjModel and mjData; only read
 * @throws RevflowError for an unknown option or camera, naming the nearest
 */
export function render(state: MujocoState, options: RenderOptions = {}): Picture {
  const { width, height, camera, samples } = parseOptions(optionsSchema, options, 'render')
  return draw(readScene(state), readCamera(state, camera), { width, height, samples })
}
