"""Times steps of dm_control on request. A line of JSON in: {"task", "seconds"}; one out: {"steps", "seconds", "cpuSeconds"}."""

import json
import sys
import time

import mujoco
import numpy as np
from dm_control import suite

BLOCK = 20


def main():
    envs = {}
    print(json.dumps({"mujoco": mujoco.__version__, "python": sys.version.split()[0]}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        name = request["task"]
        if name not in envs:
            envs.clear()
            env = suite.load(*name.split("-", 1), task_kwargs={"random": 0})
            spec = env.action_spec()
            actions = np.random.RandomState(0).uniform(spec.minimum, spec.maximum, (1000, *spec.shape))
            env.reset()
            envs[name] = (env, list(actions))
        env, actions = envs[name]
        steps, start, cpu, elapsed = 0, time.perf_counter(), time.process_time(), 0.0
        while elapsed < request["seconds"]:
            for _ in range(BLOCK):
                if env.step(actions[steps % 1000]).last():
                    env.reset()
                steps += 1
            elapsed = time.perf_counter() - start
        cpu = time.process_time() - cpu
        print(json.dumps({"steps": steps, "seconds": elapsed, "cpuSeconds": cpu}), flush=True)


main()
