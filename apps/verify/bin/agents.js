#!/usr/bin/env node
import { main } from '../dist/agents.js'

process.exitCode = main(process.argv.slice(2))
