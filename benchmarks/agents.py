"""Agents that remember: CartPole and Pendulum without velocities, tasks of popgym, beside sb3-contrib and no memory.

`python benchmarks/agents.py cartpole|pendulum|popgym|peer`. One thread; seconds are those of the processor. `--seeds`,
`--frames`, `--episodes` make it shorter. The peer plays the same environments of ours with the settings that RL-Zoo has
for CartPole and Pendulum without velocities; its speed and ours are measured in turn, in one run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import recurra as rc
from recurra.environments.making import world_of

# What differs from the defaults.
SETTINGS: dict[str, dict[str, Any]] = {
    "CartPoleNoVel": {},
    "PendulumNoVel": {"environments": 8, "discount": 0.95, "entropy": 0.0, "passes": 15},
}
# Tasks in which what is seen at the moment does not say what to do.
POPGYM = ("popgym-RepeatPreviousEasy-v0", "popgym-RepeatFirstEasy-v0", "popgym-PositionOnlyCartPoleEasy-v0")
ZOO: dict[str, dict[str, Any]] = {
    "CartPoleNoVel": {
        "envs": 8,
        "n_steps": 32,
        "batch_size": 256,
        "gae_lambda": 0.8,
        "gamma": 0.98,
        "n_epochs": 20,
        "ent_coef": 0.0,
        "learning_rate": lambda left: 0.001 * left,
        "clip_range": lambda left: 0.2 * left,
        "policy_kwargs": {"ortho_init": False, "lstm_hidden_size": 64, "net_arch": {"pi": [64], "vf": [64]}},
    },
    "PendulumNoVel": {
        "envs": 4,
        "n_steps": 1024,
        "gae_lambda": 0.95,
        "gamma": 0.9,
        "n_epochs": 10,
        "ent_coef": 0.0,
        "learning_rate": 0.001,
        "use_sde": True,
        "sde_sample_freq": 4,
        "policy_kwargs": {"ortho_init": False, "lstm_hidden_size": 64, "net_arch": {"pi": [64], "vf": [64]}},
    },
}


def by_seed(name: str, seeds: int, frames: int, episodes: int) -> None:
    """Train a seed at a time, and play fresh episodes."""
    for seed in range(seeds):
        agent = rc.RecurrentAgent(
            members=1, frames=frames, episodes=episodes, seed=seed, practice=SETTINGS[name], verbose=False
        )
        start = time.process_time()
        agent.fit(name)
        seconds = time.process_time() - start
        played = agent.evaluate().table.iloc[0]
        row = {"environment": name, "seed": seed, "frames": frames, "seconds": round(seconds, 1)}
        print(
            json.dumps(row | {"return": round(played["return"], 1), "mean": round(played["mean return"], 1)}),
            flush=True,
        )


def beside_memoryless(name: str, seeds: int, frames: int, episodes: int) -> None:
    """All seeds with memory and without, and the verdict."""
    agent = rc.RecurrentAgent(members=seeds, frames=frames, episodes=episodes, verbose=False)
    start = time.process_time()
    evaluation = agent.learn(name)
    print(
        f"{name}, {time.process_time() - start:.0f} s\n{evaluation.table.round(3)}\n{evaluation.verdict.sentence}\n",
        flush=True,
    )


def peer(name: str, frames: int, episodes: int) -> None:
    """sb3-contrib's RecurrentPPO and ours: seconds a frame over the same number of frames, and what both reach."""
    from sb3_contrib import RecurrentPPO
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    settings = dict(ZOO[name])
    make = world_of(name)[1]
    around = VecNormalize(DummyVecEnv([make] * settings.pop("envs")))
    model = RecurrentPPO("MlpLstmPolicy", around, seed=0, device="cpu", **settings)
    theirs = seconds_of(lambda: model.learn(frames))
    agent = rc.RecurrentAgent(members=1, frames=frames, episodes=episodes, practice=SETTINGS[name], verbose=False)
    ours = seconds_of(lambda: agent.fit(name))
    reached = agent.evaluate().table.iloc[0]["mean return"]
    around.training, around.norm_reward = False, False
    scores = [_played(model, around) for _k in range(-(-episodes // around.num_envs))]
    row = {
        "environment": name,
        "frames": frames,
        "ours, us a frame": round(1e6 * ours / frames),
        "sb3-contrib, us a frame": round(1e6 * theirs / frames),
        "times": round(theirs / ours, 1),
        "our mean return": round(reached, 1),
        "its mean return": round(float(np.mean(scores)), 1),
    }
    print(json.dumps(row), flush=True)


def seconds_of(work: Callable[[], object]) -> float:
    """Of the processor."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _played(model: Any, around: Any) -> float:
    """The mean return of an episode in each environment, acting by the best action."""
    seen, state = around.reset(), None
    begins, alive = np.ones(around.num_envs, dtype=bool), np.ones(around.num_envs, dtype=bool)
    gained = np.zeros(around.num_envs)
    while alive.any():
        actions, state = model.predict(seen, state=state, episode_start=begins, deterministic=True)
        seen, rewards, over, _infos = around.step(actions)
        gained += np.where(alive, rewards, 0.0)
        begins = over
        alive &= ~over
    return float(gained.mean())


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["cartpole", "pendulum", "popgym", "peer"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--environment", help="of the peer, or one of popgym")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.what == "popgym":
        for name in [given.environment] if given.environment else POPGYM:
            beside_memoryless(name, given.seeds, given.frames, given.episodes)
    elif given.what == "peer":
        peer(given.environment or "CartPoleNoVel", given.frames, given.episodes)
    else:
        name = {"cartpole": "CartPoleNoVel", "pendulum": "PendulumNoVel"}[given.what]
        by_seed(name, given.seeds, given.frames, given.episodes)


if __name__ == "__main__":
    main()
