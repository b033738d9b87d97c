export { currentCommit } from './commit.ts'
export { markdownTable } from './markdown.ts'
export { type Python, startPython } from './python.ts'
