export { type Circumstances, circumstances } from './circumstances.ts'
export { markdownTable } from './markdown.ts'
export { type Python, startPython } from './python.ts'
