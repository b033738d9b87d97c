"""The updates of the agents rfm and qne in JAX, timed in turn with ours: one JSON line asked, one answered.

Written as a user of JAX would: gradients by jax.grad, one jitted function with its state donated, trees of arrays. The
formulas, and the first layer that sees the state once for all candidates, are those of the TypeScript.
"""
import base64
import json
import math
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

LOG_HALF, LOG_SQRT_2PI = math.log(0.5), 0.5 * math.log(2 * math.pi)
ERFC_FIT = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
            -0.82215223, 0.17087277]
GAMMA, TAU, RATE, DECAY1, DECAY2, EPSILON = 0.99, 0.005, 1e-3, 0.9, 0.999, 1e-8
silu, relu = jax.nn.silu, jax.nn.relu


def polynomial(coefficients, x):
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = c + x * total
    return total


def log_cdf_negative(x):
    z = -x * math.sqrt(0.5)
    u = 1 / (1 + 0.5 * z)
    return LOG_HALF + (jnp.log(u) + polynomial(ERFC_FIT, u)) - z * z


def log_cdf(x):
    tail = log_cdf_negative(-jnp.abs(x))
    return jnp.where(x > 0, jnp.log1p(-jnp.exp(tail)), tail)


def truncated_normal(uniform, low, high):
    mirrored = low + high > 0
    a, b = jnp.where(mirrored, -high, low), jnp.where(mirrored, -low, high)
    log_a, log_b = log_cdf(a), log_cdf(b)
    log_p = jnp.clip(log_b + jnp.log(uniform + (1 - uniform) * jnp.exp(log_a - log_b)), -1e6, -1e-7)
    upper = log_p > LOG_HALF
    tail = jnp.where(upper, jnp.log(-jnp.expm1(log_p)), log_p)
    r = jnp.sqrt(-2 * tail)
    x = polynomial([2.515517, 0.802853, 0.010328], r) / polynomial([1, 1.432788, 0.189269, 0.001308], r) - r
    for _ in range(2):
        x = jnp.minimum(x, 0)
        value = log_cdf_negative(x)
        x = x - (value - tail) / jnp.exp(-0.5 * x * x - (LOG_SQRT_2PI + value))
    inside = jnp.clip(jnp.where(upper, -x, x), a, b)
    return jnp.where(mirrored, -inside, inside)


def mlp(params, inputs, activation):
    layers = [params[f"layer{i}"] for i in range(len(params))]
    rank = max(x.ndim for x in inputs)
    x = layers[0]["bias"]
    for i, value in enumerate(inputs):
        term = value @ layers[0][f"kernel{i}"]
        x = x + (term if term.ndim == rank else term[:, None, :])
    for before, layer in zip(layers, layers[1:]):
        if "scale" in before:
            mean = x.mean(-1, keepdims=True)
            deviation = jnp.sqrt(jnp.square(x - mean).mean(-1, keepdims=True) + 1e-5)
            x = (x - mean) / deviation * before["scale"] + before["offset"]
        x = activation(x) @ layer["kernel0"] + layer["bias"]
    return x


def q_values(params, s, a):
    return tuple(mlp(params[name], [s, a], relu)[..., 0] for name in ("q1", "q2"))


def minimum(params, s, a):
    return jnp.minimum(*q_values(params, s, a))


def adam(params, grads, state):
    step = state["step"] + 1
    n = step.astype(jnp.float32)
    correction = jnp.sqrt(1 - DECAY2**n)
    size = RATE * correction / (1 - DECAY1**n)
    tree = jax.tree_util.tree_map
    first = tree(lambda m, g: DECAY1 * m + (1 - DECAY1) * g, state["first"], grads)
    second = tree(lambda v, g: DECAY2 * v + (1 - DECAY2) * g * g, state["second"], grads)
    move = lambda p, m, v: p - size * m / (jnp.sqrt(v) + EPSILON * correction)
    return tree(move, params, first, second), {"first": first, "second": second, "step": step}


def features(t, size=16):
    angles = t[:, None] * (math.pi * jnp.arange(1, size // 2 + 1, dtype=jnp.float32))
    return jnp.concatenate([jnp.cos(angles), jnp.sin(angles)], 1)


class Linear:
    """RFM: linear flow, velocity prediction, 10 Euler steps."""

    low, high, steps, start = 0.05, 1.0, 10, 1.0

    @staticmethod
    def coefficients(t):
        return t, 1 - t

    def draw(self, predict, x, kicks):
        for i in range(self.steps):
            x = x + predict(x, i / self.steps) / self.steps
        return jnp.clip(x, -1, 1)

    @staticmethod
    def target(noise, x, t):
        return (x - noise) / t[:, None]


class Cosine:
    """QNE: variance-preserving cosine schedule, noise prediction, 20 DDPM steps."""

    low, high, steps = 0.0054, 0.999, 20
    scale = math.pi / 2 / 1.008
    theta0 = 0.008 * scale

    def coefficients(self, t, m=jnp):
        above = (1 - t) * self.scale
        cos0 = math.cos(self.theta0)
        return m.sin(t * self.scale) / cos0, m.sqrt(m.sin(above) * m.sin(above + 2 * self.theta0)) / cos0

    @property
    def start(self):
        return self.coefficients(self.low, math)[1]

    def draw(self, predict, x, kicks):
        n = self.steps
        grid = [1.0 if i == n else self.low + (1 - self.low) * i / n for i in range(n + 1)]
        signal = [1.0 if i == n else self.coefficients(t, math)[0] ** 2 for i, t in enumerate(grid)]
        for i in range(n):
            alpha, beta = self.coefficients(grid[i], math)
            data = jnp.clip((x - beta * predict(x, grid[i])) / alpha, -1, 1)
            before, rate = signal[i + 1], 1 - signal[i] / signal[i + 1]
            x = (math.sqrt(before) * rate * data + math.sqrt(1 - rate) * (1 - before) * x) / (1 - signal[i])
            if i < n - 1:
                x = x + math.sqrt(rate * (1 - before) / (1 - signal[i])) * kicks[i]
        return jnp.clip(x, -1, 1)

    @staticmethod
    def target(noise, x, t):
        return noise


def draw(flow, actor, s, noise, kicks):
    def predict(x, t):
        times = jnp.full((s.shape[0],), min(max(t, flow.low), flow.high), jnp.float32)
        return mlp(actor, [s, x, features(times)], silu)

    return flow.draw(predict, flow.start * noise, kicks)


def estimate(flow, params, s, x, t, lam, uniform, control):
    """E[X0|x] by truncated proposals, with the boundary-vanishing control variate or none; and what is measured."""
    alpha, beta = (c[:, None, None] for c in flow.coefficients(t))
    low, high = (x[:, None] - alpha) / beta, (x[:, None] + alpha) / beta
    x0 = truncated_normal(uniform, low, high)
    x1 = jnp.clip((x[:, None] - beta * x0) / alpha, -1, 1)
    if control:
        total = lambda a: (lambda q: (q.sum(), q))(minimum(params, s, a) / lam)
        (_, value), grad = jax.value_and_grad(total, has_aux=True)(x1)
    else:
        value = minimum(params, s, x1) / lam
    w = jax.nn.softmax(value, 1)[..., None]
    corrected, eta = x0, jnp.zeros((1, 1, 1))
    if control:
        score = -x0 - beta / alpha * grad
        g = (1 - x1 * x1) * score - (-2 * x1) * (beta / alpha)
        v = jnp.sqrt(w)
        v = v / v.sum(1, keepdims=True)
        basis = g - (v * g).sum(1, keepdims=True)
        eta = -(v * basis * x0).sum(1, keepdims=True) / ((v * basis * basis).sum(1, keepdims=True) + 1e-12)
        corrected = x0 + eta * g
    mean = (w * corrected).sum(1, keepdims=True)
    measured = {
        "effectiveSampleSize": jnp.minimum(1 / jnp.square(w).sum((1, 2)), w.shape[1]).mean(),
        "eta": eta.mean(),
        "standardError": jnp.sqrt(jnp.square(w * (corrected - mean)).sum(1)).mean(),
    }
    spread = jnp.sqrt(jnp.square(value - value.mean(1, keepdims=True)).mean(1)).mean() * lam
    noise = jnp.clip(mean, low, high) if control else mean
    return noise[:, 0], measured, spread


def make_update(agent):
    flow, control = (Linear(), True) if agent == "rfm" else (Cosine(), False)

    def update(state, batch, noise):
        lam = jnp.maximum(0.3 * state["temperature"], 0.01) if control else jnp.float32(0.1)
        a_next = draw(flow, state["actor"], batch["nextObservation"], noise["next"], noise.get("nextKicks"))
        value = minimum(state["targets"], batch["nextObservation"], a_next)
        y = batch["reward"] + GAMMA * (1 - batch["terminated"]) * value

        def critic_loss(params):
            return 0.5 * sum(jnp.square(q - y).mean() for q in q_values(params, batch["observation"], batch["action"]))

        loss, grads = jax.value_and_grad(critic_loss)(state["critics"])
        critics, critic_adam = adam(state["critics"], grads, state["criticAdam"])
        targets = jax.tree_util.tree_map(lambda t, p: t + TAU * (p - t), state["targets"], critics)

        s, t = batch["observation"], flow.low + noise["t"] * (flow.high - flow.low)
        alpha, beta = (c[:, None] for c in flow.coefficients(t))
        x = alpha * batch["action"] + beta * noise["x0"]
        posterior, measured, spread = estimate(flow, targets, s, x, t, lam, noise["candidates"], control)
        target = flow.target(posterior, x, t)

        def actor_loss(params):
            times = features(jnp.clip(t, flow.low, flow.high))
            return jnp.square(mlp(params, [s, x, times], silu) - target).mean()

        a_loss, a_grads = jax.value_and_grad(actor_loss)(state["actor"])
        actor, actor_adam = adam(state["actor"], a_grads, state["actorAdam"])
        temperature = 0.99 * state["temperature"] + 0.01 * spread if control else state["temperature"]
        return {
            "state": {
                "actor": actor, "actorAdam": actor_adam, "critics": critics, "criticAdam": critic_adam,
                "targets": targets, "temperature": temperature,
            },
            "metrics": {"criticLoss": loss, "targetValue": y.mean(), "actorLoss": a_loss, "temperature": lam, **measured},
        }

    policy = lambda actor, s, noise: draw(flow, actor, s, noise["x0"], noise.get("kicks"))
    return jax.jit(update, donate_argnums=0), jax.jit(policy)


def decode(arrays):
    return {
        path: np.frombuffer(base64.b64decode(a["data"]), a["dtype"]).reshape(a["shape"]) for path, a in arrays.items()
    }


def nest(flat):
    root = {}
    for path, value in flat.items():
        *branches, leaf = path.split("/")
        node = root
        for key in branches:
            node = node.setdefault(key, {})
        node[leaf] = value
    return root


def flatten(tree, path=""):
    if not isinstance(tree, dict):
        return {path: tree}
    return {k: v for key in tree for k, v in flatten(tree[key], f"{path}/{key}" if path else key).items()}


def leaves_in(order, tree):
    flat = flatten(tree)
    return [flat[path] for path in order]


def start_state(state):
    """Arrays as sent; Adam's moments, one vector in TypeScript, become trees like the parameters'."""
    nested = nest(state)
    for params, moments in (("actor", "actorAdam"), ("critics", "criticAdam")):
        order = [path[len(params) + 1 :] for path in state if path.startswith(f"{params}/")]
        for name in ("first", "second"):
            at, parts = 0, {}
            for path in order:
                like = state[f"{params}/{path}"]
                parts[path] = nested[moments][name][at : at + like.size].reshape(like.shape)
                at += like.size
            nested[moments][name] = nest(parts)
    return jax.tree_util.tree_map(jnp.array, nested)


class Program:
    def setup(self, agent, state, batch, noise, **_):
        self.update, self.policy = make_update(agent)
        flat = decode(state)
        self.batch, self.noise = decode(batch), decode(noise)
        orders = {m: [p[len(m) + 1 :] for p in flat if p.startswith(f"{m}/")] for m in ("actor", "critics")}
        self.state = start_state(flat)
        begin = time.perf_counter()
        result = jax.block_until_ready(self.update(self.state, self.batch, self.noise))
        seconds = time.perf_counter() - begin
        self.state = result["state"]
        outputs = {f"metrics/{k}": v for k, v in result["metrics"].items()}
        for params, moments in (("actor", "actorAdam"), ("critics", "criticAdam")):
            for name in ("first", "second"):
                parts = leaves_in(orders[params], self.state[moments][name])
                outputs[f"state/{moments}/{name}"] = np.concatenate([np.ravel(p) for p in parts])
        send = lambda v: base64.b64encode(np.asarray(v, np.float32).tobytes()).decode()
        return {"compileMs": 1000 * seconds, "outputs": {k: send(v) for k, v in outputs.items()}}

    def act(self, observation, noise, **_):
        self.observation, self.act_noise = decode({"s": observation})["s"], decode(noise)
        action = self.policy(self.state["actor"], self.observation, self.act_noise)
        return {"action": np.asarray(action).ravel().tolist()}

    def timed(self, n, call):
        times, cpu = [], time.process_time()
        for _ in range(n):
            begin = time.perf_counter()
            call()
            times.append(1000 * (time.perf_counter() - begin))
        return {"ms": times, "cpuMs": 1000 * (time.process_time() - cpu) / n}

    def run(self, n, **_):
        def call():
            self.state = jax.block_until_ready(self.update(self.state, self.batch, self.noise)["state"])

        return self.timed(n, call)

    def run_act(self, n, **_):
        return self.timed(n, lambda: np.asarray(self.policy(self.state["actor"], self.observation, self.act_noise)))

    def products(self, n, rows, hidden, **_):
        x, w = jnp.ones((rows, hidden)), jnp.full((hidden, hidden), 1 / hidden)
        chain = jax.jit(lambda x, w: (x @ w @ w @ w @ w @ w).max(1))
        jax.block_until_ready(chain(x, w))
        return self.timed(n, lambda: jax.block_until_ready(chain(x, w)))


program = Program()
print(json.dumps({"version": f"JAX {jax.__version__}, Python {sys.version.split()[0]}"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = getattr(program, request.pop("do"))(**request)
    except Exception as error:  # the caller reports it
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
