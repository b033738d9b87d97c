#!/usr/bin/env node
import { verifyEnvs } from '../dist/envs.js'

const folder = process.argv[2]
if (folder === undefined) {
  console.error('usage: envs.js <folder of recordings>')
  process.exitCode = 2
} else {
  process.exitCode = await verifyEnvs(folder, console.log)
}
