"""Serves a dm_control or Gymnasium task over stdio to @revflow/envs, which documents the protocol.

    python3 serve.py dm_control cheetah-run
    python3 serve.py gymnasium HalfCheetah-v5
"""

import json
import sys

import numpy as np


class DmControl:
    """A task of the DeepMind Control Suite, named `<domain>-<task>`."""

    def __init__(self, name):
        from dm_control import suite

        domain, task = name.split("-", 1)
        self.task = name
        self.env = suite.load(domain, task, task_kwargs={"random": 0})
        action, model = self.env.action_spec(), self.env.physics.model
        self.observation = [(key, max(1, int(np.prod(spec.shape)))) for key, spec in self.env.observation_spec().items()]
        self.names = [model.id2name(i, "actuator") for i in range(model.nu)]
        self.low, self.high = action.minimum, action.maximum

    def _flat(self, observation):
        return np.concatenate([np.ravel(observation[key]) for key, _ in self.observation])

    def reset(self, seed):
        self.env.task.random.seed(seed)
        return self._flat(self.env.reset().observation)

    def step(self, action):
        step = self.env.step(action)
        ended_for_good = step.last() and step.discount == 0
        return self._flat(step.observation), step.reward, ended_for_good, step.last() and not ended_for_good


class Gymnasium:
    """A registered Gymnasium task with box observations and actions."""

    def __init__(self, name):
        import gymnasium

        self.task = name
        self.env = gymnasium.make(name)
        box = self.env.action_space
        self.observation = [("observation", int(np.prod(self.env.observation_space.shape)))]
        self.shape, self.dtype = box.shape, box.dtype
        self.names = [f"actuator{i}" for i in range(int(np.prod(box.shape)))]
        self.low, self.high = np.ravel(box.low), np.ravel(box.high)

    def reset(self, seed):
        return np.ravel(self.env.reset(seed=seed)[0])

    def step(self, action):
        observation, reward, terminated, truncated, _ = self.env.step(action.reshape(self.shape).astype(self.dtype))
        return np.ravel(observation), reward, terminated, truncated


def answer(env, request):
    if "reset" in request:
        return {"observation": env.reset(request["reset"]).tolist()}
    observation, reward, terminated, truncated = env.step(np.array(request["step"]))
    return {
        "observation": observation.tolist(),
        "reward": float(reward),
        "terminated": bool(terminated),
        "truncated": bool(truncated),
    }


def main(library, name):
    # What libraries print must not get between the lines of the protocol.
    out, sys.stdout = sys.stdout, sys.stderr

    def say(message):
        out.write(json.dumps(message, allow_nan=False) + "\n")
        out.flush()

    env = {"dm_control": DmControl, "gymnasium": Gymnasium}[library](name)
    bounds = lambda values: [float(value) if np.isfinite(value) else None for value in values]
    say(
        {
            "protocol": 1,
            "task": env.task,
            "observation": [{"name": key, "size": size} for key, size in env.observation],
            "action": {"names": env.names, "low": bounds(env.low), "high": bounds(env.high)},
        }
    )
    for line in sys.stdin:
        request = json.loads(line)
        if "close" in request:
            break
        try:
            say(answer(env, request))
        except Exception as error:  # told to the other side, which decides
            say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main(*sys.argv[1:])
