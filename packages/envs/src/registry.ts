import { lookUp } from '@revflow/core'
import { cartpoleBalance, cartpoleSwingup } from './domains/cartpole.ts'
import { cheetahRun } from './domains/cheetah.ts'
import { humanoidRun, humanoidStand, humanoidWalk } from './domains/humanoid.ts'
import { pendulumSwingup } from './domains/pendulum.ts'
import { reacherEasy, reacherHard } from './domains/reacher.ts'
import { episodeSteps, observationSize, type TaskDefinition } from './task.ts'

const tasks: Readonly<Record<string, TaskDefinition>> = Object.fromEntries(
  [
    cartpoleBalance,
    cartpoleSwingup,
    cheetahRun,
    humanoidRun,
    humanoidStand,
    humanoidWalk,
    pendulumSwingup,
    reacherEasy,
    reacherHard,
  ].map((task) => [task.name, task]),
)

/** Facts of a built-in task. */
export interface TaskSummary {
  readonly name: string
  readonly observationSize: number
  readonly actionSize: number
  /** Seconds a control step lasts. */
  readonly controlTimestep: number
  /** Control steps in an episode. */
  readonly episodeSteps: number
}

/** The built-in tasks, by name. */
export function listTasks(): TaskSummary[] {
  return Object.values(tasks).map((task) => ({
    name: task.name,
    observationSize: observationSize(task),
    actionSize: task.actions.length,
    controlTimestep: task.controlTimestep,
    episodeSteps: episodeSteps(task),
  }))
}

/** A built-in task. @throws RevflowError (`unknown-name`) naming the nearest */
export function findTask(name: string): TaskDefinition {
  return lookUp('task', name, tasks)
}
