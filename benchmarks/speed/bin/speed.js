#!/usr/bin/env node
import { main } from '../dist/compare.js'

await main(process.argv.slice(2))
