import { chooseRows } from './choose-rows.ts'
import { fuse } from './fuse.ts'
import type { Graph } from './graph.ts'
import { lengthenRuns } from './runs.ts'
import { multiplyWeightedSums } from './weighted-sums.ts'

/** Rewrites a traced graph as ONNX Runtime computes it fastest. What patterns are made of is found before it is reshaped. */
export function optimise(graph: Graph): void {
  fuse(graph)
  multiplyWeightedSums(graph)
  lengthenRuns(graph)
  // last: from here on sizes are known only when the graph runs
  chooseRows(graph)
}
