"""Plays an exported policy with numpy and onnxruntime alone: pip install numpy onnxruntime

npx -y pnpm@12 train examples/puck.js --config examples/puck.yaml
npx -y pnpm@12 revflow export runs/puck/rfm/<id> --out puck.onnx
python3 examples/evaluate_policy.py puck.onnx
"""

import json
import sys

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
policy = json.loads(session.get_modelmeta().custom_metadata_map["revflow"])
print(f"{policy['agent']} on {policy['task']} after {policy['step']} steps, actions by rule '{policy['rule']}'")
rng = np.random.default_rng(0)


def act(observation, scale):
    """An action in the environment's own units. Its noise is an input: at scale 0 it is the noise-free action."""
    inputs = {policy["observation"]["input"]: np.asarray([observation], np.float32)}
    for name, spec in policy["noise"].items():
        inputs[name] = (scale * rng.standard_normal(spec["shape"])).astype(np.float32)
    return session.run([policy["action"]["output"]], inputs)[0][0]


def episode(scale):
    """The return of an episode of examples/puck.js, its physics in Python."""
    x, v, total = 1.0, 0.0, 0.0
    for step in range(50):
        if step % policy["actionRepeat"] == 0:
            (push,) = act((x, v), scale)
        v += 0.2 * push
        x += 0.2 * v
        total += 1 / (1 + 4 * x * x)
        if abs(x) > 2:
            break
    return total


print(f"return {episode(0):.3f} of the noise-free action")
sampled = [episode(1) for _ in range(20)]
print(f"return {np.mean(sampled):.3f} ± {np.std(sampled):.3f} of sampled ones, 20 episodes")
