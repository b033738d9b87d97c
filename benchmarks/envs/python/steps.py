"""Times steps of dm_control on request. A line of JSON in: {"task", "seconds"}; one out: {"steps", "seconds", "cpuSeconds"}
or {"error"}."""

import json
import sys
import time

import mujoco
import numpy as np
from dm_control import suite

BLOCK = 20


def measure(step, seconds):
    steps, start, cpu, elapsed = 0, time.perf_counter(), time.process_time(), 0.0
    while elapsed < seconds:
        for _ in range(BLOCK):
            step(steps)
            steps += 1
        elapsed = time.perf_counter() - start
    return {"steps": steps, "seconds": elapsed, "cpuSeconds": time.process_time() - cpu}


def stepper(name):
    env = suite.load(*name.split("-", 1), task_kwargs={"random": 0})
    spec = env.action_spec()
    actions = list(np.random.RandomState(0).uniform(spec.minimum, spec.maximum, (1000, *spec.shape)))
    env.reset()

    def step(i):
        if env.step(actions[i % 1000]).last():
            env.reset()

    return step


def main():
    print(json.dumps({"mujoco": mujoco.__version__, "python": sys.version.split()[0]}), flush=True)
    loaded, step = None, None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["task"] != loaded:
                loaded, step = None, None
                step = stepper(request["task"])
                loaded = request["task"]
            answer = measure(step, request["seconds"])
        except Exception as error:  # told to the other side, which goes on without this task
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
