#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the CI recipes of docs/ci as a user's CI would, on an example model: recipes_test.py TOOL SOURCES"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    print("SKIPPED: the recipes are not read without python3-yaml")
    sys.exit(0)

TOOL, SOURCES = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])


def github(recipe):
    """The environment, the commands behind the installation, and what is kept."""
    steps = recipe["jobs"]["smoke"]["steps"]
    assert steps[1]["name"] == "Install"
    return recipe["env"], [step["run"] for step in steps[2:] if "run" in step], [steps[-1]["with"]["path"]]


def gitlab(recipe):
    job = recipe["accelerator"]
    return job["variables"], job["script"], job["artifacts"]["paths"]


def run(name, environment, commands, kept):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SOURCES / "examples/adder", pathlib.Path(folder) / "model")
        # Nothing of Vitis or XRT is there.
        path = f"{TOOL.parent}:/usr/bin:/bin"
        environment = {**{key: str(value) for key, value in environment.items()}, "PATH": path, "HOME": folder}
        for command in commands:
            subprocess.run(["sh", "-e", "-c", command], cwd=folder, env=environment, check=True)
        for file in kept:
            assert (pathlib.Path(folder) / file).stat().st_size > 0, file
        print(f"{name}: {len(commands)} commands passed")


for name, reader in (("github", github), ("gitlab", gitlab)):
    run(name, *reader(yaml.safe_load((SOURCES / f"docs/ci/{name}.yml").read_text())))
