export { type Circumstances, circumstances } from './circumstances.ts'
export { markdownTable } from './markdown.ts'
export { type Python, startPython } from './python.ts'
export { type TrainedRun, trainedRun } from './trained-run.ts'
