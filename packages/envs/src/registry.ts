import { lookUp } from '@revflow/core'
import * as acrobot from './domains/acrobot.ts'
import * as ballInCup from './domains/ball_in_cup.ts'
import * as cartpole from './domains/cartpole.ts'
import * as cheetah from './domains/cheetah.ts'
import * as finger from './domains/finger.ts'
import * as fish from './domains/fish.ts'
import * as hopper from './domains/hopper.ts'
import * as humanoid from './domains/humanoid.ts'
import * as manipulator from './domains/manipulator.ts'
import * as pendulum from './domains/pendulum.ts'
import * as pointMass from './domains/point_mass.ts'
import * as quadruped from './domains/quadruped.ts'
import * as reacher from './domains/reacher.ts'
import * as swimmer from './domains/swimmer.ts'
import * as walker from './domains/walker.ts'
import { episodeSteps, observationSize, type TaskDefinition } from './task.ts'

/** Every export of a domain is a task. */
const domains: readonly Readonly<Record<string, TaskDefinition>>[] = [
  acrobot,
  ballInCup,
  cartpole,
  cheetah,
  finger,
  fish,
  hopper,
  humanoid,
  manipulator,
  pendulum,
  pointMass,
  quadruped,
  reacher,
  swimmer,
  walker,
]

const tasks: Readonly<Record<string, TaskDefinition>> = Object.fromEntries(
  domains
    .flatMap((domain) => Object.values(domain))
    .map((task) => [task.name, task] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
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
